import { setTimeout as delay } from 'node:timers/promises';
import type { ErrorLog } from '../live/log.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** Longer than any outage that a process is left to wait out. */
const GIVE_UP_MS = 3_600_000;
/** SQLSTATE classes of statements that PostgreSQL will never take: wrong data, a broken constraint, a wrong statement. */
const FOR_GOOD = /^(22|23|42)...$/;

/**
 * Repeats a statement until PostgreSQL takes it: for what exists in this process's memory and nowhere else. It goes on even
 * where the activity was cancelled or given up, because nobody else can do it.
 * @throws what PostgreSQL says where it refuses for good, or after an hour
 */
export async function untilStored<T>(store: () => Promise<T>, log: ErrorLog, what: string): Promise<T> {
  const since = Date.now();
  for (let pause = FIRST_PAUSE_MS, failures = 0; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS), failures++) {
    try {
      return await store();
    } catch (error) {
      if (FOR_GOOD.test(stateOf(error)) || Date.now() - since > GIVE_UP_MS) throw error;
      if (failures === 0) log.warn({ err: error }, `${what} can not be stored now; trying until it can`);
    }
    await delay(pause);
  }
}

const stateOf = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '');
