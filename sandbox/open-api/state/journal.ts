import type { Account } from './accounts.ts';
import { BoundedMap, pushBounded } from './bounded-map.ts';
import type { OpenApiPath } from '../wire/paths.ts';

const MAX_CALLS = 5_000;
const MAX_ACCOUNTS = 20_000;

/** One call as the sandbox saw it. Holds no token. */
export interface SeenCall {
  at_ms: number;
  path: OpenApiPath;
  username: string | null;
  /** As TikTok would have answered; the client may have got less. */
  status: number;
  code: string;
  log_id: string;
  /** What a fault did to it. */
  fault: string | null;
}

export interface CallCounts {
  /** By path: all, and those that were answered with success. */
  calls: Record<string, { all: number; ok: number }>;
  refreshes: number;
  /** Refresh tokens that were sent after they had been rotated away. */
  replayed_refreshes: number;
  /** Calls with an access token that was expired or dead. */
  dead_access_tokens: number;
}

/** What happened, for assertions: the newest calls, and counts since the last reset. */
export interface Journal {
  saw(call: SeenCall): void;
  count(account: Account | null, what: 'refreshes' | 'replayed_refreshes' | 'dead_access_tokens'): void;
  calls(): readonly SeenCall[];
  total(): CallCounts;
  of(username: string): CallCounts;
  byAccount(): Record<string, CallCounts>;
  reset(): void;
}

const noCounts = (): CallCounts => ({ calls: {}, refreshes: 0, replayed_refreshes: 0, dead_access_tokens: 0 });

export function createJournal(): Journal {
  let calls: SeenCall[] = [];
  let total = noCounts();
  const accounts = new BoundedMap<string, CallCounts>(MAX_ACCOUNTS);
  const countsOf = (username: string): CallCounts => {
    const found = accounts.get(username) ?? noCounts();
    if (!accounts.has(username)) accounts.set(username, found);
    return found;
  };
  const each = (username: string | null): CallCounts[] => (username === null ? [total] : [total, countsOf(username)]);
  return {
    saw: (call) => {
      pushBounded(calls, call, MAX_CALLS);
      for (const counts of each(call.username)) {
        const path = (counts.calls[call.path] ??= { all: 0, ok: 0 });
        path.all += 1;
        if (call.code === 'ok') path.ok += 1;
      }
    },
    count: (account, what) => {
      for (const counts of each(account?.username ?? null)) counts[what] += 1;
    },
    calls: () => calls,
    total: () => total,
    of: (username) => accounts.get(username) ?? noCounts(),
    byAccount: () => Object.fromEntries(accounts),
    reset: () => {
      calls = [];
      total = noCounts();
      accounts.clear();
    },
  };
}
