import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Env } from '../config/env.ts';
import { openDb, type DbHandle } from '../db/client.ts';
import { createSecretBox, type SecretBox } from '../db/secret-box.ts';
import type { Role } from '../domain/names.ts';
import { createWorkerMetrics, type WorkerMetrics } from './metrics.ts';
import { clientOf, connectTemporal, ensureSearchAttributes } from './temporal.ts';

/** What every role of worker has. */
export interface WorkerContext {
  env: Env;
  role: Role;
  /** Stable over restarts of this process: started again, it knows what it held. */
  slot: string;
  log: Logger;
  databaseUrl: string;
  database: DbHandle;
  secrets: SecretBox;
  connection: NativeConnection;
  client: Client;
  metrics: WorkerMetrics;
  /** What the metrics read; a role sets what it has. */
  gauges: { consumers: () => number; attempts: () => number };
}

/** @throws where a variable is missing that only `npm start` fills in */
export async function createContext(env: Env, role: Role, log: Logger, signal: AbortSignal): Promise<WorkerContext> {
  const databaseUrl = needed(env, 'DATABASE_URL');
  const address = needed(env, 'TEMPORAL_ADDRESS');
  const slot = env.WORKER_SLOT ?? `${hostname()}:${role}`;
  const connection = await connectTemporal(env, address, log, signal);
  await ensureSearchAttributes(connection, env.TEMPORAL_NAMESPACE);
  const database = openDb({ url: databaseUrl, max: env.DATABASE_POOL, name: `showrunner-${role}`, onError: (error) => log.warn({ err: error }, 'a database connection broke') });
  const gauges = { consumers: () => 0, attempts: () => 0 };
  return {
    env,
    role,
    slot,
    log,
    databaseUrl,
    database,
    secrets: createSecretBox(needed(env, 'TOKEN_ENCRYPTION_KEY').split(',')),
    connection,
    client: clientOf(connection, env.TEMPORAL_NAMESPACE),
    metrics: createWorkerMetrics({ consumers: () => gauges.consumers(), attempts: () => gauges.attempts() }),
    gauges,
  };
}

export function needed<K extends 'DATABASE_URL' | 'TEMPORAL_ADDRESS' | 'MQTT_URL' | 'TOKEN_ENCRYPTION_KEY'>(env: Env, name: K): string {
  const value = env[name];
  if (value === undefined) throw new Error(`${name} is not set. "npm start" fills it in; a worker that is started alone needs it.`);
  return value;
}
