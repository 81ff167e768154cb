import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 250;
/** TikTok moderates, carries and delivers, and the sandbox takes its time for it too. */
const PATIENCE_MS = 60_000;

/** Asks until there is an answer; null: not in time. */
export async function until<T>(ask: () => Promise<T | null>, signal: AbortSignal): Promise<T | null> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline && !signal.aborted) {
    const answer = await ask();
    if (answer !== null) return answer;
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return null;
}
