import type { ShopResult } from '../../domain/contracts/shop-api.ts';
import type { ShopAccess } from '../../tiktok/shop/index.ts';

/** The channel for which a call is made. */
export interface CallingChannel {
  channel_id: string;
  workspace_id: string;
  authorization_id: string;
  shop_id: string;
  name: string;
  region: string;
  connected_at: Date;
}

export interface ShopCallOptions {
  signal?: AbortSignal;
  /** After a refresh that this call waited for. */
  onRefreshed?: () => void | Promise<void>;
}

/**
 * Calls TikTok Shop for a channel with a token that is good: refreshed before it ends, and once more where TikTok does not take it. Refreshing is
 * the `shopToken` workflow's alone. A channel that is paused or disconnected is a failure with the code shop_channel_paused or
 * shop_channel_disconnected, and TikTok is not called. Where TikTok says that the authorization has ended, the channel is paused by its workflow.
 */
export interface ShopCalls {
  withShop<T>(channelId: string, options: ShopCallOptions, call: (access: ShopAccess, channel: CallingChannel) => Promise<ShopResult<T>>): Promise<ShopResult<T>>;
}
