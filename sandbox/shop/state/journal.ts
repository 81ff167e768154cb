import { pushBounded } from '../../open-api/state/bounded-map.ts';
import type { CallName } from './faults.ts';

const MAX_CALLS = 10_000;

/** One call as the sandbox saw it. Holds no token and no secret. */
export interface SeenCall extends CallName {
  at_ms: number;
  app_key: string | null;
  /** As TikTok would have answered; the client may have got less. */
  status: number;
  code: number;
  message: string;
  request_id: string;
  /** What a fault did to it. */
  fault: string | null;
}

interface Counts {
  all: number;
  ok: number;
  by_code: Record<string, number>;
}

/** What happened, for assertions: the newest calls, and counts since the last reset. */
export interface Journal {
  saw(call: SeenCall): void;
  calls(): readonly SeenCall[];
  /** By method and path. */
  counts(): Record<string, Counts>;
  reset(): void;
}

export function createJournal(): Journal {
  let calls: SeenCall[] = [];
  let counts: Record<string, Counts> = {};
  return {
    saw: (call) => {
      pushBounded(calls, call, MAX_CALLS);
      const of = (counts[`${call.method} ${call.path}`] ??= { all: 0, ok: 0, by_code: {} });
      of.all += 1;
      if (call.code === 0) of.ok += 1;
      of.by_code[call.code] = (of.by_code[call.code] ?? 0) + 1;
    },
    calls: () => calls,
    counts: () => counts,
    reset: () => {
      calls = [];
      counts = {};
    },
  };
}
