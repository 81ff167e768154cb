import { createAccountActivities, createAccountReadActivities } from '../activities/accounts/account.activities.ts';
import { createAccountCalls } from '../activities/accounts/create-account-calls.ts';
import { createAnalyticsActivities } from '../activities/analytics/analytics.activities.ts';
import { ensureAllAnalyticsSchedules } from '../activities/analytics/ensure-all.ts';
import { createPublishActivities } from '../activities/publish/publish.activities.ts';
import { createWebhookActivities } from '../activities/publish/webhook.activities.ts';
import { tiktokUrls, type Env } from '../config/env.ts';
import { tiktokApp } from '../config/tiktok-app.ts';
import { accountsTaskQueue, taskQueue } from '../domain/names.ts';
import { createMediaStorage } from '../media/index.ts';
import { probeMedia } from '../media/probe.ts';
import { createOpenApiClient, type OpenApiClient } from '../tiktok/open-api/index.ts';
import type { WorkerContext } from './context.ts';
import { createMissingAppClient } from './no-tiktok-app.ts';
import type { RoleParts } from './role.ts';
import { runWorker, type RunningWorker } from './run-worker.ts';

/** An answer to a refresh that comes late is worth waiting for: given up, the pair in it would be lost. */
const TOKENS_TIMEOUT_MS = 75_000;

/** The role that keeps TikTok accounts connected, publishes, and samples statistics. */
export async function createPublishRole(context: WorkerContext): Promise<RoleParts> {
  const { env, log, database, secrets, client, connection, slot } = context;
  const { db, pool } = database;
  const taskQueuePrefix = env.TEMPORAL_TASK_QUEUE_PREFIX;
  const tiktok = openApi(env);
  const patient = openApi(env, TOKENS_TIMEOUT_MS);
  const calls = createAccountCalls({ db, secrets, client, taskQueuePrefix, logger: log });
  const accounts = createAccountActivities({ db, pool, secrets, tiktok: patient, client, taskQueuePrefix, logger: log });
  let accountsWorker: RunningWorker | null = null;
  const closing = new AbortController();
  let ensuring = Promise.resolve();

  return {
    activities: {
      ...createAccountReadActivities({ tiktok, calls }),
      ...createAnalyticsActivities({ db, tiktok, calls, client, taskQueuePrefix, logger: log }),
      ...createPublishActivities({ db, pool, secrets, tiktok, calls, media: createMediaStorage(env), probe: (path) => probeMedia(path, env.FFPROBE_PATH), logger: log }),
      ...createWebhookActivities({ db, client, taskQueuePrefix, logger: log }),
    },
    // A cancelled upload hears of it with a heartbeat.
    workerOptions: { maxConcurrentActivityTaskExecutions: 100, maxHeartbeatThrottleInterval: '2s' },
    async started() {
      accountsWorker = await runWorker(
        {
          connection,
          namespace: env.TEMPORAL_NAMESPACE,
          taskQueue: accountsTaskQueue(taskQueue('publish', taskQueuePrefix)),
          activities: accounts,
          identity: `${slot}:accounts`,
          maxConcurrentActivityTaskExecutions: 100,
        },
        log,
      );
      ensuring = ensureAllAnalyticsSchedules({ db, client, taskQueuePrefix, logger: log, signal: closing.signal }).then(
        (accounts) => log.info({ accounts }, 'accounts have the Schedules of their statistics'),
        (error: unknown) => log.warn({ err: error }, 'the Schedules of statistics could not be looked after; the next start does'),
      );
    },
    async close() {
      closing.abort();
      await ensuring;
      await accountsWorker?.stop();
      await Promise.all([tiktok.close(), patient.close()]);
    },
  };
}

function openApi(env: Env, timeoutMs?: number): OpenApiClient {
  const app = tiktokApp(env);
  if (!app) return createMissingAppClient();
  return createOpenApiClient({ openApiUrl: tiktokUrls(env).openApi, app, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
}
