import type pg from 'pg';
import type { Db } from '../../../db/client.ts';
import type { SecretBox } from '../../../db/secret-box.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import type { ErrorLog } from '../../live/log.ts';
import type { ShopCalls } from '../shop-calls.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';
import type { SyncSchedules } from '../sync-schedules.ts';
import { createChannelLifeActivities } from './channel-life.ts';
import { createCheckShopsActivities } from './check-shops.ts';
import { createConnectShopsActivities } from './connect-shops.ts';
import { createDisconnectActivities } from './disconnect-channel.ts';
import { createReadShopActivities } from './read-shop.ts';
import { createRefreshActivities } from './refresh-token.ts';
import { createExpiringActivities } from './show-expiring.ts';
import { createSubscribeActivities } from './subscribe-webhooks.ts';

export interface ShopAccountDeps {
  db: Db;
  pool: Pick<pg.Pool, 'query'>;
  secrets: SecretBox;
  tiktok: ShopClient;
  calls: ShopCalls;
  workflows: ShopWorkflows;
  schedules: SyncSchedules;
  /** Where TikTok reaches us; null: it is not known, and webhooks are set in Partner Center. */
  publicUrl: string | null;
  logger: ErrorLog;
}

/** What waits for a token itself, or for Temporal's Schedules, and so runs on the queue of the role shop. */
export const createShopAccountActivities = (deps: ShopAccountDeps) => ({
  ...createReadShopActivities(deps),
  ...createSubscribeActivities(deps),
  ...createChannelLifeActivities(deps),
});
export type ShopAccountActivities = ReturnType<typeof createShopAccountActivities>;

/** What connects sellers and keeps their tokens. They run on accountsTaskQueue, where nothing that waits for a token holds them up. */
export const createShopTokenActivities = (deps: ShopAccountDeps) => ({
  ...createRefreshActivities(deps),
  ...createExpiringActivities(deps),
  ...createCheckShopsActivities(deps),
  ...createConnectShopsActivities(deps),
  ...createDisconnectActivities(deps),
});
export type ShopTokenActivities = ReturnType<typeof createShopTokenActivities>;
