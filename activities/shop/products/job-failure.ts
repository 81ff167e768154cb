import { ApplicationFailure } from '@temporalio/activity';
import type { ShopFailure } from '../../../domain/contracts/shop-api.ts';

/** Of a paused channel the person who started the job is told at once; a used up quota and a TikTok that is down are waited for. */
export const isWorthWaiting = ({ code, retry }: ShopFailure): boolean => retry === 'later' && code !== 'shop_channel_paused';

const QUOTA_PAUSE_MS = 300_000;

/** Has Temporal try again, not before TikTok allows it. TikTok's reason is its message. */
export function laterFailure({ code, reason, retry_after_ms }: ShopFailure): ApplicationFailure {
  const pause = retry_after_ms ?? (code === 'shop_app_quota' ? QUOTA_PAUSE_MS : null);
  return ApplicationFailure.create({ message: reason, type: code, nonRetryable: false, ...(pause !== null && { nextRetryDelay: pause }) });
}
