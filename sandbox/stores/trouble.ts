import type { Context } from 'hono';
import { z } from 'zod';

/** An outage: a status, or 0 for no answer at all; `times` calls, or all until it is lifted. */
export const troubleSchema = z.object({
  status: z.int().min(0).max(599).nullable(),
  times: z.int().min(1).max(1_000).optional(),
  retry_after: z.int().min(0).optional(),
  /** Only calls of this kind. */
  on: z.string().optional(),
});
type Trouble = z.output<typeof troubleSchema> & { left: number };

export interface TroubleDesk {
  set(trouble: z.output<typeof troubleSchema>): void;
  /** Counts the call. @returns the answer that trouble gives; null: none, all is well */
  answer(c: Context, kind: string): Promise<Response | null>;
  /** Calls by kind, since the last reset. */
  calls(): Record<string, number>;
  reset(): void;
}

export function createTroubleDesk(): TroubleDesk {
  let trouble: Trouble | null = null;
  let calls: Record<string, number> = {};
  return {
    set(given) {
      trouble = given.status === null ? null : { ...given, left: given.times ?? Infinity };
    },
    async answer(c, kind) {
      calls[kind] = (calls[kind] ?? 0) + 1;
      if (trouble === null || (trouble.on !== undefined && trouble.on !== kind)) return null;
      const { status, retry_after } = trouble;
      trouble.left -= 1;
      if (trouble.left <= 0) trouble = null;
      if (status !== 0) return c.json({ error: { code: status, message: 'the sandbox was told to fail' } }, status as 503, retry_after === undefined ? {} : { 'retry-after': String(retry_after) });
      // Ends when the caller has had enough.
      await new Promise<void>((resolve) => c.req.raw.signal.addEventListener('abort', () => resolve(), { once: true }));
      return c.body(null, 408);
    },
    calls: () => calls,
    reset() {
      trouble = null;
      calls = {};
    },
  };
}
