import { createShopAccountActivities, createShopTokenActivities } from '../../activities/shop/accounts/accounts.activities.ts';
import { tiktokUrls, type Env } from '../../config/env.ts';
import { tiktokShopApp } from '../../config/tiktok-app.ts';
import { accountsTaskQueue, taskQueue } from '../../domain/names.ts';
import { createShopClient, type ShopClient } from '../../tiktok/shop/index.ts';
import { createMissingShopClient } from '../no-shop-app.ts';
import { runWorker, type RunningWorker } from '../run-worker.ts';
import type { ShopContext, ShopPart } from './parts.ts';

/** An answer to a refresh that comes late is worth waiting for: given up, the pair in it would be lost. */
const TOKENS_TIMEOUT_MS = 75_000;

/** Connects sellers, keeps their tokens, and asks TikTok for people who wait. */
export function createAccountsPart({ context, log, tiktok, calls, workflows, schedules }: ShopContext): ShopPart {
  const { env, database, secrets, connection, slot } = context;
  const patient = patientClient(env);
  const deps = { db: database.db, pool: database.pool, secrets, calls, workflows, schedules, publicUrl: env.PUBLIC_URL ?? null, logger: log };
  const tokens = createShopTokenActivities({ ...deps, tiktok: patient });
  let worker: RunningWorker | null = null;

  return {
    activities: createShopAccountActivities({ ...deps, tiktok }),
    async started() {
      worker = await runWorker(
        {
          connection,
          namespace: env.TEMPORAL_NAMESPACE,
          taskQueue: accountsTaskQueue(taskQueue('shop', env.TEMPORAL_TASK_QUEUE_PREFIX)),
          activities: tokens,
          identity: `${slot}:accounts`,
          maxConcurrentActivityTaskExecutions: 100,
        },
        log,
      );
    },
    async close() {
      await worker?.stop();
      await patient.close();
    },
  };
}

function patientClient(env: Env): ShopClient {
  const app = tiktokShopApp(env);
  if (!app) return createMissingShopClient();
  const { shopApi, shopAuth } = tiktokUrls(env);
  return createShopClient({ apiUrl: shopApi, authUrl: shopAuth, app, timeoutMs: TOKENS_TIMEOUT_MS });
}
