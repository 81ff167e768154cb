import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { DisconnectAnswer, RefreshAnswer, RefreshRequest, TokenLife } from '../domain/contracts/social-account.ts';

/** Refresh unless a newer pair is stored already. All that ask meanwhile get the same refresh. */
export const refreshUpdate = defineUpdate<RefreshAnswer, [RefreshRequest]>('refresh');
/** Revoke at TikTok, remove the tokens whatever TikTok says, cancel what waits, and end. */
export const disconnectUpdate = defineUpdate<DisconnectAnswer>('disconnect');
/** A new pair was stored by connecting again. */
export const reconnectedSignal = defineSignal('reconnected');
/** TikTok's webhook: the consent was removed on its side, for this reason. It is checked by a refresh: webhooks come late. */
export const consentRemovedSignal = defineSignal<[string]>('consentRemoved');

export interface TokenView {
  life: TokenLife | null;
  next_refresh_at_ms: number | null;
  failures_in_a_row: number;
}
export const tokenQuery = defineQuery<TokenView>('token');
