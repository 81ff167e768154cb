import { ApplicationFailure } from '@temporalio/activity';
import type { Page, ShopFailure } from '../../../domain/contracts/shop-api.ts';
import type { ErrorCode } from '../../../domain/errors.ts';

/** Trying again within this run does not help, whatever they say of a later one. */
const ENDS_THE_RUN: ReadonlySet<ErrorCode> = new Set(['shop_channel_paused', 'shop_app_quota']);

/** A failed call as Temporal has to see it: tried again where waiting helps, not before TikTok allows it. TikTok's reason is its message. */
export function failureOf({ code, reason, retry, retry_after_ms }: ShopFailure): ApplicationFailure {
  return ApplicationFailure.create({
    message: reason,
    type: code,
    nonRetryable: retry === 'never' || ENDS_THE_RUN.has(code),
    ...(retry_after_ms === null ? {} : { nextRetryDelay: retry_after_ms }),
  });
}

/**
 * The token of the page after this one; null: there is none.
 * @throws ApplicationFailure where TikTok gives the page's own token for the next one: that list would never end
 */
export function nextTokenOf({ next_page_token }: Page<unknown>, current: string | null): string | null {
  if (next_page_token !== null && next_page_token === current)
    throw ApplicationFailure.nonRetryable('TikTok Shop gave the token of a page that it had just answered for the next one.', 'tiktok_bad_response');
  return next_page_token;
}
