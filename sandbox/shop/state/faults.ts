import { z } from 'zod';
import { pushBounded } from '../../open-api/state/bounded-map.ts';
import { SHOP_PATHS, type ShopPath } from '../wire/paths.ts';

const MAX_FAULTS = 1_000;

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
export interface Fault extends FaultInput {
  id: number;
  left: number;
  skipped: number;
}

export interface CallName {
  path: ShopPath;
  method: string;
  shop_id: string | null;
}

export interface Faults {
  add(input: FaultInput): Fault;
  /** The first fault that fits this call, used up by one. */
  take(call: CallName): Fault | null;
  all(): readonly Fault[];
  reset(): void;
}

const fits = (fault: Fault, { path, method, shop_id }: CallName): boolean =>
  fault.path === path && (fault.method === undefined || fault.method === method) && (fault.shop_id === undefined || fault.shop_id === shop_id);

export function createFaults(): Faults {
  let faults: Fault[] = [];
  let lastId = 0;
  return {
    add: (input) => {
      const fault = { ...input, id: ++lastId, left: input.times, skipped: 0 };
      pushBounded(faults, fault, MAX_FAULTS);
      return fault;
    },
    take: (call) => {
      const fault = faults.find((each) => fits(each, call));
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
