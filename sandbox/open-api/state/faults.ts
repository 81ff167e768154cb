import { z } from 'zod';
import type { Account } from './accounts.ts';
import { pushBounded } from './bounded-map.ts';
import { usernameSchema } from './accounts.ts';
import { OPEN_API_PATHS, type OpenApiPath } from '../wire/paths.ts';

const MAX_FAULTS = 1_000;

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
export interface Fault extends FaultInput {
  id: number;
  left: number;
  skipped: number;
}

export interface Faults {
  add(input: FaultInput): Fault;
  /** The first fault that fits this call, used up by one. */
  take(path: OpenApiPath, account: Account | null, chunk?: number): Fault | null;
  all(): readonly Fault[];
  reset(): void;
}

export function createFaults(): Faults {
  let faults: Fault[] = [];
  let lastId = 0;
  const fits = (fault: Fault, path: OpenApiPath, account: Account | null, chunk: number | undefined): boolean =>
    fault.path === path &&
    (fault.username === undefined || fault.username.toLowerCase() === account?.username.toLowerCase()) &&
    (fault.chunk === undefined || fault.chunk === chunk);
  return {
    add: (input) => {
      const fault = { ...input, id: ++lastId, left: input.times, skipped: 0 };
      pushBounded(faults, fault, MAX_FAULTS);
      return fault;
    },
    take: (path, account, chunk) => {
      const fault = faults.find((each) => fits(each, path, account, chunk));
      if (!fault) return null;
      if (fault.skipped < fault.skip) {
        fault.skipped += 1;
        return null;
      }
      fault.left -= 1;
      if (fault.left === 0) faults = faults.filter((each) => each !== fault);
      return fault;
    },
    all: () => faults,
    reset: () => void (faults = []),
  };
}

/** For the journal. */
export const faultName = ({ answer, drop, delay_ms }: Fault): string =>
  [drop ? `drop_${drop}` : '', answer ? `answer_${answer.status}${answer.acted ? '_acted' : ''}` : '', delay_ms > 0 ? `delay_${delay_ms}` : '']
    .filter((part) => part !== '')
    .join(' ');
