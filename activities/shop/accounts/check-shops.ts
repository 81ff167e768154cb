import { listAuthorizationChannels, pauseChannelsOf, updateCipher, type ChannelRow } from '../../../db/channel.repository.ts';
import type { SecretBox } from '../../../db/secret-box.ts';
import { findAuthorization, type ShopAuthorizationRow } from '../../../db/shop-authorization.repository.ts';
import type { AuthorizationKey } from '../../../domain/contracts/channel.ts';
import type { AuthorizedShop, ShopFailure } from '../../../domain/contracts/shop-api.ts';
import { AppError, ERRORS, type ErrorCode } from '../../../domain/errors.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import type { ErrorLog } from '../../live/log.ts';
import { inBrackets, namesOf, type EndAuthorizationDeps } from './end-authorization.ts';
import { notifyOnce } from './notices.ts';

export interface CheckShopsDeps extends EndAuthorizationDeps {
  secrets: SecretBox;
  tiktok: Pick<ShopClient, 'authorizedShops' | 'activeShops'>;
  logger: ErrorLog;
}

export function createCheckShopsActivities(deps: CheckShopsDeps) {
  const { db, secrets, tiktok } = deps;
  return {
    /**
     * Asks TikTok which shops the authorization covers: channels of others are paused, and people told; a cipher that changed is stored.
     * @throws AppError where TikTok gives no answer now
     */
    async checkShops({ suspicion, ...key }: AuthorizationKey & { suspicion: string }): Promise<{ paused: number }> {
      const row = await findAuthorization(db, key.workspace_id, key.authorization_id);
      if (!row?.access_token) return { paused: 0 };
      const access_token = secrets.open(row.access_token);
      const [covered, active] = await Promise.all([tiktok.authorizedShops({ access_token }), tiktok.activeShops({ access_token })]);
      if (!covered.ok) throw asError(covered);
      const channels = (await listAuthorizationChannels(db, row.id)).filter(({ state }) => state !== 'disconnected');
      const shops = new Map(covered.value.map((shop) => [shop.id, shop]));
      await takeCiphers(channels, shops);
      const missing = channels.filter(({ shop_id }) => !shops.has(shop_id));
      // Where the scope for it is missing nobody knows, and nothing is believed.
      const alive = active.ok ? new Set(active.value.map(({ id }) => id)) : null;
      const inactive = channels.filter(({ shop_id }) => shops.has(shop_id) && alive !== null && !alive.has(shop_id));
      await pause(row, missing, 'shop_reconnect_needed', suspicion);
      await pause(row, inactive, 'shop_inactive', suspicion);
      return { paused: missing.length + inactive.length };
    },
  };

  async function takeCiphers(channels: readonly ChannelRow[], shops: ReadonlyMap<string, AuthorizedShop>): Promise<void> {
    for (const { id, shop_id, shop_cipher } of channels) {
      const cipher = shops.get(shop_id)?.cipher;
      if (cipher === undefined || cipher === secrets.open(shop_cipher)) continue;
      await updateCipher(db, id, secrets.seal(cipher));
      deps.logger.warn({ channel_id: id }, 'TikTok Shop has given a shop another cipher');
    }
  }

  async function pause({ id, token_version }: ShopAuthorizationRow, channels: readonly ChannelRow[], code: ErrorCode, reason: string): Promise<void> {
    if (channels.length === 0) return;
    const paused = await pauseChannelsOf(db, id, token_version, { shop_ids: channels.map(({ shop_id }) => shop_id), code, reason });
    // An attempt before this one may have paused it and told nobody.
    for (const channel of paused.filter(({ state_code }) => state_code === code)) {
      await notifyOnce(deps.pool, channel.workspace_id, `shop paused:${channel.id}:${channel.connected_at.toISOString()}:${code}`, `${namesOf([channel])} is paused. ${ERRORS[code].message}${inBrackets(channel.state_reason)}`);
    }
  }
}

export const asError = ({ code, reason }: ShopFailure): AppError => new AppError(code, reason);
