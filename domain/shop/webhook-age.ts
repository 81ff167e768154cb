/**
 * TikTok repeats what was not answered with 200 after 2 minutes, 30 minutes, 3 and 12 hours, with the same bytes: the last attempt carries a time
 * that is 15 hours and 32 minutes old, and TikTok's own delays come on top. A shorter window would refuse what an outage of ours held up. A
 * longer one would gain nothing, and has to stay far below the 30 days for which a webhook's id is remembered: what somebody recorded and
 * sends again is then either known or too old.
 */
export const SHOP_WEBHOOK_MAX_AGE_MS = 24 * 3_600_000;
/** For clocks that disagree. */
export const SHOP_WEBHOOK_MAX_AHEAD_MS = 5 * 60_000;

/** null: it is taken; else why not. @param nowMs epoch milliseconds */
export function faultOfWebhookTime(timestampMs: number, nowMs: number): string | null {
  if (nowMs - timestampMs > SHOP_WEBHOOK_MAX_AGE_MS) return 'its timestamp is more than 24 hours old';
  return timestampMs - nowMs > SHOP_WEBHOOK_MAX_AHEAD_MS ? 'its timestamp is more than 5 minutes ahead' : null;
}
