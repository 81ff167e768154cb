import { createHandOver } from '../activities/actions/hand-over.ts';
import { createWorkflowStarter } from '../activities/actions/workflow-starter.ts';
import { createShopCalls } from '../activities/shop/create-shop-calls.ts';
import { createShopEvents } from '../activities/shop/create-shop-events.ts';
import { createOrderIntake } from '../activities/shop/orders/take-orders.ts';
import { createShopWorkflows } from '../activities/shop/shop-workflows.ts';
import { createSyncSchedules } from '../activities/shop/sync-schedules.ts';
import { tiktokUrls, type Env } from '../config/env.ts';
import { tiktokShopApp } from '../config/tiktok-app.ts';
import { createShopClient, type ShopClient } from '../tiktok/shop/index.ts';
import type { WorkerContext } from './context.ts';
import { createMissingShopClient } from './no-shop-app.ts';
import type { RoleParts } from './role.ts';
import { createAccountsPart } from './shop/accounts.ts';
import { createMessagesPart } from './shop/messages.ts';
import { createOrdersPart } from './shop/orders.ts';
import type { ShopContext, ShopPart } from './shop/parts.ts';
import { createProductsPart } from './shop/products.ts';
import { createShippingPart } from './shop/shipping.ts';
import { createStockPart } from './shop/stock.ts';
import { createSyncPart } from './shop/sync.ts';
import { createWebhooksPart } from './shop/webhooks.ts';

const PARTS: readonly ((shop: ShopContext) => ShopPart)[] = [
  createAccountsPart,
  createWebhooksPart,
  createOrdersPart,
  createShippingPart,
  createProductsPart,
  createStockPart,
  createSyncPart,
  createMessagesPart,
];

/** The role that keeps shops connected, follows their orders, products and stock, and tells other systems. */
export async function createShopRole(context: WorkerContext): Promise<RoleParts> {
  const { env, log, database, databaseUrl, secrets, client } = context;
  const { db, pool } = database;
  const taskQueuePrefix = env.TEMPORAL_TASK_QUEUE_PREFIX;
  const starter = createWorkflowStarter(client, taskQueuePrefix);
  const delivery = createHandOver<{ target: string; workspace_id: string }>({ start: (input) => starter.deliver(input), logger: log });
  const events = createShopEvents({ pool, databaseUrl, wake: (target, workspace_id) => delivery.request(target, { target, workspace_id }), logger: log });
  const tiktok = shopClient(env);
  const publishes = env.AMQP_URL !== undefined || env.ORDER_SERVICE_URL !== undefined;
  const shop: ShopContext = {
    context,
    log,
    tiktok,
    calls: createShopCalls({ db, secrets, client, taskQueuePrefix, logger: log }),
    workflows: createShopWorkflows(client, taskQueuePrefix),
    schedules: createSyncSchedules(client, { taskQueuePrefix, intervalS: env.SHOP_SYNC_INTERVAL_S }),
    events,
    intake: createOrderIntake({ db, pool, events, publishes, logger: log }),
    publishes,
  };
  const parts = PARTS.map((create) => create(shop));
  return {
    activities: Object.assign({}, ...parts.map(({ activities }) => activities)) as object,
    workerOptions: { maxConcurrentActivityTaskExecutions: 100, maxHeartbeatThrottleInterval: '2s' },
    async started() {
      for (const part of parts) await part.started?.();
    },
    async close() {
      for (const part of parts) await part.close?.();
      delivery.close();
      await events.close();
      await tiktok.close();
    },
  };
}

function shopClient(env: Env): ShopClient {
  const app = tiktokShopApp(env);
  if (!app) return createMissingShopClient();
  const { shopApi, shopAuth } = tiktokUrls(env);
  return createShopClient({ apiUrl: shopApi, authUrl: shopAuth, app });
}
