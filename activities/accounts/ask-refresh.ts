import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { RefreshAnswer } from '../../domain/contracts/social-account.ts';

/** TikTok may take half a minute, and PostgreSQL may be away meanwhile. */
export const REFRESH_MS = 90_000;
const ASKS = 3;
const PAUSE_MS = 200;

/** Asks the workflow that owns tokens for a refresh, all its asking within `refreshMs`. @throws where Temporal gives no answer in time */
export async function askRefresh(client: Client, refreshMs: number, ask: () => Promise<RefreshAnswer>): Promise<RefreshAnswer> {
  const deadline = Date.now() + refreshMs;
  for (let asked = 1; ; asked += 1) {
    try {
      return await client.withDeadline(deadline, ask);
    } catch (error) {
      // A workflow that is just ending, or continuing as new, takes no update: the next one does.
      if (asked === ASKS || Date.now() >= deadline) throw error;
      await delay(PAUSE_MS * asked);
    }
  }
}
