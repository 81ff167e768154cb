import { sql } from 'kysely';
import type { ApiDeps } from './deps.ts';

export interface Health {
  /** degraded: reading and editing work; what Temporal does waits until it is back. */
  status: 'ok' | 'degraded' | 'unavailable';
  checks: { postgres: 'ok' | 'failed'; temporal: 'ok' | 'failed' };
}

const TIMEOUT_MS = 2_000;

/** Asks PostgreSQL and Temporal; never rejects and never takes much longer than two seconds. */
export async function checkHealth({ db, temporal }: Pick<ApiDeps, 'db' | 'temporal'>, timeoutMs = TIMEOUT_MS): Promise<Health> {
  const [postgres, reachable] = await Promise.all([
    answers(
      sql`select 1`.execute(db).then(() => true),
      timeoutMs,
    ),
    answers(temporal.isReachable(), timeoutMs),
  ]);
  return {
    status: !postgres ? 'unavailable' : reachable ? 'ok' : 'degraded',
    checks: { postgres: postgres ? 'ok' : 'failed', temporal: reachable ? 'ok' : 'failed' },
  };
}

async function answers(check: Promise<boolean>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), timeoutMs)));
  try {
    return await Promise.race([check.catch(() => false), late]);
  } finally {
    clearTimeout(timer);
  }
}
