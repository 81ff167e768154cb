import { setTimeout as delay } from 'node:timers/promises';
import type { ApiDeps } from './deps.ts';

const FIRST_PAUSE_MS = 40;
const LONGEST_PAUSE_MS = 500;

/**
 * Reads a row until it is as wanted, for somebody who waits for a workflow to change it.
 * @param withinMs then it is given as it is; also where the process stops
 */
export async function waitForRow<T>({ shutdown }: Pick<ApiDeps, 'shutdown'>, withinMs: number, read: () => Promise<T>, isReady: (row: T) => boolean): Promise<T> {
  const until = Date.now() + withinMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const row = await read();
    if (isReady(row) || shutdown.aborted || Date.now() + pause > until) return row;
    await delay(pause);
  }
}
