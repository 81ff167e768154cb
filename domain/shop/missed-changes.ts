import { isBeforeConnection, secondOf } from './history.ts';

export interface MissedTimes {
  /** Of changes before this no webhook could tell. */
  connected_at_ms: number;
  now_ms: number;
  /** So long a webhook may take. */
  missed_after_ms: number;
}

/** Whether a change that a poll found first is old enough for a webhook to have told it. */
export const couldBeMissed = (updateTimeMs: number, { connected_at_ms, now_ms, missed_after_ms }: MissedTimes): boolean =>
  !isBeforeConnection(updateTimeMs, connected_at_ms) && now_ms - updateTimeMs > missed_after_ms;

/**
 * Whether a webhook has told of a change, though nobody has processed it yet. @param newestWebhookMs when TikTok sent the newest one of the same
 * thing; undefined: there is none.
 */
export const wasTold = (updateTimeMs: number, newestWebhookMs: number | undefined): boolean =>
  newestWebhookMs !== undefined && newestWebhookMs >= secondOf(updateTimeMs);
