import { z } from 'zod';
import { createFaultBook, type Booked, type FaultBook } from '../../fault-book.ts';
import { SHOP_PATHS, type ShopPath } from '../wire/paths.ts';

/** What shall go wrong with the next calls of a path. Without any effect it only counts. */
export const faultSchema = z
  .strictObject({
    path: z.enum(SHOP_PATHS),
    method: z.enum(['GET', 'POST', 'PUT', 'DELETE']).optional(),
    /** Only calls to this shop. */
    shop_id: z.string().min(1).max(64).optional(),
    times: z.number().int().min(1).max(1_000_000).default(1),
    /** So many calls go through before. */
    skip: z.number().int().min(0).max(1_000_000).default(0),
    delay_ms: z.number().int().min(0).max(600_000).default(0),
    answer: z
      .strictObject({
        status: z.number().int().min(200).max(599),
        code: z.number().int().default(36009003),
        message: z.string().max(2_000).default('Internal error.'),
        /** Instead of TikTok's envelope: any text. */
        body: z.string().max(100_000).optional(),
        retry_after_s: z.number().int().min(0).max(86_400).optional(),
        /** The call is done all the same: its answer is what gets lost. */
        acted: z.boolean().default(false),
      })
      .optional(),
    /** The connection breaks: before anything was done, or after. */
    drop: z.enum(['before', 'after']).optional(),
  })
  .refine(({ answer, drop }) => !(answer && drop), { path: ['drop'], message: 'can’t go together with answer' });
export type FaultInput = z.infer<typeof faultSchema>;
export type Fault = Booked<FaultInput>;

export interface CallName {
  path: ShopPath;
  method: string;
  shop_id: string | null;
}
export type Faults = FaultBook<FaultInput, CallName>;

const fits = (fault: FaultInput, { path, method, shop_id }: CallName): boolean =>
  fault.path === path && (fault.method === undefined || fault.method === method) && (fault.shop_id === undefined || fault.shop_id === shop_id);

export const createFaults = (): Faults => createFaultBook(fits);
