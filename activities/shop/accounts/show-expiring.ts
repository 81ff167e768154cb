import { listAuthorizationChannels } from '../../../db/channel.repository.ts';
import { findAuthorization, markExpiring, type ShopAuthorizationRow } from '../../../db/shop-authorization.repository.ts';
import type { AuthorizationKey } from '../../../domain/contracts/channel.ts';
import type { AccountLife } from '../../../domain/contracts/social-account.ts';
import { authorizationLifeOf } from './authorization-life.ts';
import { namesOf, type EndAuthorizationDeps } from './end-authorization.ts';
import { notifyOnce } from './notices.ts';

export interface ShowExpiringInput extends AuthorizationKey {
  version: number;
  /** TikTok's webhook said so; null: our own look at the clock, or a webhook without a date. */
  expires_at_ms: number | null;
}

/** TikTok repeats a webhook for 16 hours at most: one that comes later than that is of the consent that stands. */
const LATE_MS = 24 * 3_600_000;

/** The seller's authorization ends soon: people see it and are told, once for each consent. */
export function createExpiringActivities({ db, pool }: EndAuthorizationDeps) {
  return {
    async showShopExpiring({ version, expires_at_ms, ...key }: ShowExpiringInput): Promise<AccountLife> {
      const find = () => findAuthorization(db, key.workspace_id, key.authorization_id);
      const before = await find();
      if (!before || isOfConsentBefore(before, expires_at_ms)) return authorizationLifeOf(before);
      await markExpiring(db, before.id, version, expires_at_ms === null ? null : new Date(expires_at_ms));
      const row = await find();
      if (row?.state === 'expiring') await tell(row);
      return authorizationLifeOf(row);
    },
  };

  async function tell(row: ShopAuthorizationRow): Promise<void> {
    const channels = (await listAuthorizationChannels(db, row.id)).filter(({ state }) => state !== 'disconnected');
    if (channels.length === 0) return;
    const until = row.refresh_expires_at ? ` on ${row.refresh_expires_at.toISOString().slice(0, 10)}` : ' soon';
    await notifyOnce(pool, row.workspace_id, `shop expiring:${row.id}:${row.connected_at.toISOString()}`, `${namesOf(channels)}: the seller’s authorization ends${until}. Connect again before that, and nothing is interrupted.`);
  }
}

function isOfConsentBefore({ connected_at, refresh_expires_at }: ShopAuthorizationRow, toldMs: number | null): boolean {
  const isNew = Date.now() - connected_at.getTime() < LATE_MS;
  return toldMs !== null && isNew && refresh_expires_at !== null && refresh_expires_at.getTime() > toldMs + LATE_MS;
}
