import { EnvError, parseEnv } from '../config/env.ts';
import { announceReady, onShutdown } from '../config/lifecycle.ts';
import { createLogger } from '../config/logging.ts';
import { ROLES, taskQueue, type Role } from '../domain/names.ts';
import { createActionsRole } from './actions.ts';
import { createContext, type WorkerContext } from './context.ts';
import { createLiveRole } from './live.ts';
import { createMediaRole } from './media.ts';
import { serveMetrics } from './metrics.ts';
import { createPublishRole } from './publish.ts';
import type { RoleParts } from './role.ts';
import { runWorker } from './run-worker.ts';
import { installRuntime } from './runtime.ts';
import { ensureSchedules } from './schedules.ts';
import { createShopRole } from './shop.ts';
import { createSocialRole } from './social.ts';
import { buildWorkflowBundle } from './workflow-bundle.ts';

const CREATE: Record<Role, (context: WorkerContext) => Promise<RoleParts>> = {
  live: createLiveRole,
  actions: createActionsRole,
  publish: createPublishRole,
  shop: createShopRole,
  media: createMediaRole,
  social: createSocialRole,
};

/** `tsx workers/main.ts live|actions|publish|shop|media|social`: one role in one process, so that roles scale apart. */
async function main(): Promise<void> {
  const role = roleOf(process.argv[2]);
  const env = parseEnv(process.env);
  const log = createLogger(env.LOG_LEVEL, `worker-${role}`);
  const booting = new AbortController();
  let close = async (): Promise<void> => booting.abort();
  onShutdown(() => close(), { log, timeoutMs: 30_000 });

  const sdkMetrics = await installRuntime(log, env.METRICS_PORT !== undefined);
  const bundle = buildWorkflowBundle();
  const context = await createContext(env, role, log, booting.signal);
  const parts = await CREATE[role](context);
  await ensureSchedules(context.client, env.TEMPORAL_TASK_QUEUE_PREFIX);
  const worker = await runWorker(
    {
      connection: context.connection,
      namespace: env.TEMPORAL_NAMESPACE,
      taskQueue: taskQueue(role, env.TEMPORAL_TASK_QUEUE_PREFIX),
      workflowBundle: await bundle,
      activities: parts.activities,
      identity: context.slot,
      // A workflow whose worker died is given to another after this, not after the default of 10 s.
      stickyQueueScheduleToStartTimeout: '2s',
      ...parts.workerOptions,
    },
    log,
  );
  const metrics = env.METRICS_PORT === undefined ? null : await serveMetrics({ registry: context.metrics.registry, sdkMetrics, log }, env.HOST, env.METRICS_PORT);
  close = async () => {
    metrics?.close();
    await worker.stop();
    await parts.close();
    await context.database.close();
    await context.connection.close();
  };
  if (booting.signal.aborted) return close();
  await parts.started?.();
  log.info({ task_queue: taskQueue(role, env.TEMPORAL_TASK_QUEUE_PREFIX), slot: context.slot }, 'worker ready');
  announceReady();
}

function roleOf(argument: string | undefined): Role {
  const role = ROLES.find((name) => name === argument);
  if (!role) throw new Error(`Which role? One of: ${ROLES.join(', ')}. Example: npm run start:worker -- live`);
  return role;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof EnvError || error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
