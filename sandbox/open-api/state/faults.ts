import { z } from 'zod';
import { createFaultBook, type Booked, type FaultBook } from '../../fault-book.ts';
import type { Account } from './accounts.ts';
import { usernameSchema } from './accounts.ts';
import { OPEN_API_PATHS, type OpenApiPath } from '../wire/paths.ts';

/** What shall go wrong with the next calls of a path. Without any effect it only counts. */
export const faultSchema = z
  .strictObject({
    path: z.enum(OPEN_API_PATHS),
    /** Only calls of this account. */
    username: usernameSchema.optional(),
    times: z.number().int().min(1).max(1_000_000).default(1),
    /** So many calls go through before. */
    skip: z.number().int().min(0).max(1_000_000).default(0),
    delay_ms: z.number().int().min(0).max(600_000).default(0),
    answer: z
      .strictObject({
        status: z.number().int().min(200).max(599),
        code: z.string().min(1).max(200).default('internal_error'),
        message: z.string().max(2_000).default(''),
        /** Instead of TikTok's envelope: any text. */
        body: z.string().max(100_000).optional(),
        retry_after_s: z.number().int().min(0).max(86_400).optional(),
        /** The call is done all the same: its answer is what gets lost. */
        acted: z.boolean().default(false),
      })
      .optional(),
    /** The connection breaks: before anything was done, or after. */
    drop: z.enum(['before', 'after']).optional(),
    /** Upload only: the chunk, counted from 0. */
    chunk: z.number().int().min(0).max(999).optional(),
    /** Upload only, with drop `before`: so many bytes of the chunk are read first. */
    after_bytes: z.number().int().min(0).max(134_217_728).optional(),
  })
  .refine(({ answer, drop }) => !(answer && drop), { path: ['drop'], message: 'can’t go together with answer' })
  .refine(({ path, chunk, after_bytes }) => path === '/upload/' || (chunk === undefined && after_bytes === undefined), {
    path: ['chunk'],
    message: 'is for /upload/ only',
  });
export type FaultInput = z.infer<typeof faultSchema>;
export type Fault = Booked<FaultInput>;

export interface FaultyCall {
  path: OpenApiPath;
  account: Account | null;
  chunk?: number | undefined;
}
export type Faults = FaultBook<FaultInput, FaultyCall>;

const fits = (fault: FaultInput, { path, account, chunk }: FaultyCall): boolean =>
  fault.path === path &&
  (fault.username === undefined || fault.username.toLowerCase() === account?.username.toLowerCase()) &&
  (fault.chunk === undefined || fault.chunk === chunk);

export const createFaults = (): Faults => createFaultBook(fits);
