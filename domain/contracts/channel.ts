import type { ErrorCode } from '../errors.ts';
import type { ActiveShop, AuthorizedShop } from './shop-api.ts';
import type { SocialAccountState, TokenTimings } from './social-account.ts';

/** As of social accounts: a seller's authorization lives the same life. */
export type ShopAuthorizationState = SocialAccountState;

/** paused: nothing is asked of TikTok until the shop is connected again; webhooks are kept, and what was missed is fetched then. */
export const CHANNEL_STATES = ['active', 'paused', 'disconnected'] as const;
export type ChannelState = (typeof CHANNEL_STATES)[number];

/** A channel is one shop in one workspace; a shop is in one workspace at a time. */
export interface ChannelKey {
  channel_id: string;
  workspace_id: string;
}

export interface AuthorizationKey {
  authorization_id: string;
  workspace_id: string;
}

/** Input of the `shopToken` workflow, one for each seller's authorization. Durations in milliseconds. */
export interface ShopTokenInput extends AuthorizationKey {
  timings?: Partial<TokenTimings>;
  /** suspicion: that the authorization has ended, and why; not checked yet. */
  carried?: { failures_in_a_row: number; suspicion?: string | null };
}

/** Input of the `connectShops` workflow: the code waits, sealed, in the row of the state. */
export interface ConnectShopsInput {
  oauth_state_id: string;
  workspace_id: string;
}

export interface ConnectedChannel {
  channel_id: string;
  shop_id: string;
  name: string;
  region: string;
  state: ChannelState;
}

/** refused: nothing was stored. Shops that another workspace has are named in `taken`. */
export type ConnectShopsOutcome =
  | { kind: 'connected'; authorization_id: string; channels: ConnectedChannel[]; taken: { shop_id: string; name: string }[] }
  | { kind: 'refused'; code: ErrorCode; reason: string };

/** What the API asks of TikTok at once, for a person who waits. The answer is a row, never part of a history. */
export type ShopRead =
  | { kind: 'authorized_shops' }
  | { kind: 'active_shops' }
  | { kind: 'products'; page_size: number; page_token: string | null; status: string | null }
  | { kind: 'product'; product_id: string }
  | { kind: 'orders'; page_size: number; page_token: string | null; status: string | null }
  | { kind: 'order'; order_id: string }
  | { kind: 'providers'; delivery_option_id: string }
  | { kind: 'package'; package_id: string }
  | { kind: 'handover_slots'; package_id: string }
  | { kind: 'warehouses' };

/** Input of the `readShop` workflow: what is asked stands in the row. */
export interface ReadShopInput extends ChannelKey {
  read_id: string;
}

/** A shop as GET /auth/get-authorized-shops shows it: the cipher stays here. */
export type AuthorizedShopView = Omit<AuthorizedShop, 'cipher'>;
export type ActiveShopView = ActiveShop;
