import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

export interface LeadershipOptions {
  url: string;
  /** What is led; one at a time in the whole database. */
  name: string;
  /** The work, for as long as this process leads: ends soon after the abort. What it does over `session` fails once the lead is lost. */
  lead: (session: pg.Client, signal: AbortSignal) => Promise<void>;
  onError?: (error: Error) => void;
  /** How often those who wait ask, milliseconds. */
  pollMs?: number;
}

export interface Leadership {
  readonly leads: boolean;
  /** Idempotent. */
  close(): Promise<void>;
}

const QUERY_MS = 15_000;
const FAREWELL_MS = 1_000;
/** PostgreSQL finds a holder that vanished without a word within half a minute instead of two hours. */
const KEEPALIVE = 'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3';

/**
 * Does something in one process at a time: who holds the session advisory lock leads, and when its connection ends, however that
 * happens, another takes over.
 */
export function createLeadership(options: LeadershipOptions): Leadership {
  const { onError = () => undefined, pollMs = 1_000 } = options;
  const stop = new AbortController();
  const state = { leads: false };
  const terms = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await serveTerm(options, pollMs, stop.signal, state).catch(onError);
      await pause(pollMs, stop.signal);
    }
  };
  const running = terms();
  return {
    get leads() {
      return state.leads;
    },
    close() {
      stop.abort();
      return running;
    },
  };
}

async function serveTerm({ url, name, lead }: LeadershipOptions, pollMs: number, stop: AbortSignal, state: { leads: boolean }): Promise<void> {
  const session = new pg.Client({ connectionString: url, application_name: `showrunner-${name}`, connectionTimeoutMillis: 5_000, query_timeout: QUERY_MS, keepAlive: true });
  const term = new AbortController();
  const end = (): void => term.abort();
  session.on('error', end);
  session.on('end', end);
  stop.addEventListener('abort', end, { once: true });
  try {
    await session.connect();
    await session.query(KEEPALIVE);
    while (!term.signal.aborted) {
      const { rows } = await session.query<{ held: boolean }>('select pg_try_advisory_lock(hashtextextended($1, 0)) as held', [`showrunner:${name}`]);
      if (rows[0]?.held) {
        state.leads = true;
        await lead(session, term.signal);
        return;
      }
      await pause(pollMs, term.signal);
    }
  } finally {
    state.leads = false;
    stop.removeEventListener('abort', end);
    await Promise.race([session.end().catch(() => undefined), delay(FAREWELL_MS, undefined, { ref: false })]);
  }
}

/** Ends early, without a fault, where `signal` says so. */
const pause = (ms: number, signal: AbortSignal): Promise<void> => delay(ms, undefined, { signal }).catch(() => undefined);
