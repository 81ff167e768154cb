import { createShopAccountActivities, createShopTokenActivities } from '../../activities/shop/accounts/accounts.activities.ts';
import { ensureShopTokens } from '../../activities/shop/accounts/ensure-tokens.ts';
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
  const closing = new AbortController();
  let ensuring = Promise.resolve();

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
      ensuring = ensureShopTokens({ db: database.db, client: context.client, taskQueuePrefix: env.TEMPORAL_TASK_QUEUE_PREFIX, signal: closing.signal }).then(
        (authorizations) => log.info({ authorizations }, 'sellers’ tokens are looked after'),
        (error: unknown) => log.warn({ err: error }, 'whether all sellers’ tokens are looked after is not known; the next start sees to it'),
      );
    },
    async close() {
      closing.abort();
      await ensuring;
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
