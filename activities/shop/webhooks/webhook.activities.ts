import type { Logger } from 'pino';
import type { Db } from '../../../db/client.ts';
import { listShopsWithOpenWebhooks } from '../../../db/shop-webhook-queue.repository.ts';
import type { ShopWebhookPass, ShopWebhookReport } from '../../../domain/contracts/shop-webhook.ts';
import { eachInLanes } from '../../actions/each-in-lanes.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';
import { processBatch } from './process-batch.ts';
import type { EarlyTaking } from './take-early.ts';

export interface ShopWebhookActivityDeps {
  db: Db;
  workflows: ShopWorkflows;
  /** Absent: orders are left to their workflows. */
  early?: EarlyTaking;
  logger: Pick<Logger, 'info' | 'warn'>;
}

/** Their own wake comes within a second; what waits so long was not started. */
const OPEN_FOR_MS = 30_000;
const MOST_SHOPS = 500;
const AT_ONCE = 10;

/** Processing of TikTok Shop's webhooks, and the sweep over what was not started. */
export function createShopWebhookActivities(deps: ShopWebhookActivityDeps) {
  const { db, workflows, logger } = deps;
  return {
    /** Tells those whom the next open webhooks of a shop concern. A repeat changes nothing. Heartbeats after each that was told. */
    processShopWebhooks: (pass: ShopWebhookPass): Promise<ShopWebhookReport> => processBatch(deps, pass),

    /** Has webhooks processed whose workflow could not be started when they came. @returns how many shops have them */
    async sweepShopWebhooks(): Promise<number> {
      const shops = await listShopsWithOpenWebhooks(db, OPEN_FOR_MS, MOST_SHOPS);
      await eachInLanes(shops, AT_ONCE, (shopId) => workflows.wakeWebhooks(shopId));
      if (shops.length > 0) logger.info({ shops: shops.length }, 'webhooks that nobody had processed have their workflows');
      return shops.length;
    },
  };
}

export type ShopWebhookActivities = ReturnType<typeof createShopWebhookActivities>;
