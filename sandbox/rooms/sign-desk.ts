import type { SignBehaviour } from './settings.ts';

export interface SignBudgetSettings {
  /** Calls allowed in a window. */
  limit: number;
  window_s: number;
  /** The keys that are accepted; null: any, and none is fine too. */
  api_keys: string[] | null;
}

export const DEFAULT_SIGN_BUDGET: SignBudgetSettings = { limit: 600, window_s: 60, api_keys: null };

export interface SignCall {
  at_ms: number;
  room: string;
  status: number;
}

export interface Allowance {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** Epoch seconds. */
  resetAt: number;
  retryAfterS: number;
}

/** The sign service's allowance and its diary, shared by all rooms. */
export interface SignDesk {
  budget: SignBudgetSettings;
  spend(): Allowance;
  record(call: SignCall): void;
  readonly calls: readonly SignCall[];
  readonly used: number;
}

const CALL_MEMORY = 5_000;

export function createSignDesk(now: () => number): SignDesk {
  const calls: SignCall[] = [];
  let windowStart = now();
  let used = 0;
  const desk: SignDesk = {
    budget: DEFAULT_SIGN_BUDGET,
    calls,
    get used() {
      return used;
    },
    spend: () => {
      const { limit, window_s } = desk.budget;
      if (now() - windowStart >= window_s * 1_000) {
        windowStart = now();
        used = 0;
      }
      const allowed = used < limit;
      if (allowed) used += 1;
      const endsAt = windowStart + window_s * 1_000;
      return {
        allowed,
        limit,
        remaining: limit - used,
        resetAt: Math.ceil(endsAt / 1_000),
        retryAfterS: Math.max(1, Math.ceil((endsAt - now()) / 1_000)),
      };
    },
    record: (call) => {
      calls.push(call);
      if (calls.length > CALL_MEMORY) calls.splice(0, CALL_MEMORY / 10);
    },
  };
  return desk;
}

/** Plays a sign behaviour call by call: refuses `times` times, then lets one through, or all. */
export interface SignScript {
  next(behaviour: SignBehaviour): SignBehaviour['mode'];
  restart(): void;
}

export function createSignScript(): SignScript {
  let played = 0;
  return {
    next: ({ mode, times, cycle }) => {
      if (mode === 'ok' || times === null) return mode;
      if (played < times) {
        played += 1;
        return mode;
      }
      if (cycle) played = 0;
      return 'ok';
    },
    restart: () => {
      played = 0;
    },
  };
}
