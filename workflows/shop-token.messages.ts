import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { RefreshAnswer, RefreshRequest, TokenLife } from '../domain/contracts/social-account.ts';

/** Refresh unless a newer pair is stored already. All that ask meanwhile get the same refresh. */
export const refreshUpdate = defineUpdate<RefreshAnswer, [RefreshRequest]>('refresh');
/** A new pair was stored by connecting again. */
export const reconnectedSignal = defineSignal('reconnected');
/** TikTok's webhook: the seller ended the authorization. It is checked by a refresh before it is believed: webhooks come late. */
export const deauthorizedSignal = defineSignal<[{ shop_id: string | null; reason: string }]>('deauthorized');
/** TikTok's webhook: the authorization ends then; epoch milliseconds. */
export const expiringSignal = defineSignal<[{ expires_at_ms: number | null }]>('expiring');
/** Ends one channel; with the last one the tokens are removed and the workflow ends. */
export const disconnectUpdate = defineUpdate<void, [{ channel_id: string }]>('disconnect');

export interface ShopTokenView {
  life: TokenLife | null;
  next_refresh_at_ms: number | null;
  failures_in_a_row: number;
}
export const tokenQuery = defineQuery<ShopTokenView>('token');
