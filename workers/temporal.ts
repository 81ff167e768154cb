import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Env } from '../config/env.ts';
import { temporalTls } from '../config/temporal-tls.ts';
import type { ErrorLog } from '../activities/live/log.ts';
import { SEARCH_ATTRIBUTES } from '../domain/names.ts';

const RETRY_MS = 1_000;

/** Connects to Temporal and goes on trying: a worker that starts before Temporal waits for it. */
export async function connectTemporal(env: Env, address: string, log: ErrorLog, signal: AbortSignal): Promise<NativeConnection> {
  const tls = await temporalTls(env);
  for (let failures = 0; ; failures++) {
    try {
      return await NativeConnection.connect({ address, tls, ...(env.TEMPORAL_API_KEY ? { apiKey: env.TEMPORAL_API_KEY } : {}) });
    } catch (error) {
      if (signal.aborted) throw error;
      if (failures % 30 === 0) log.warn({ err: error, address }, 'Temporal does not answer (TEMPORAL_ADDRESS); trying again');
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

export const clientOf = (connection: NativeConnection, namespace: string): Client => new Client({ connection, namespace });

const KEYWORD = 2;

/**
 * Makes the search attributes where they are missing.
 * @throws with what to do where they can't be made from here (Temporal Cloud): a workflow that sets one which is not there would hang
 */
export async function ensureSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const existing = await connection.operatorService.listSearchAttributes({ namespace }).catch(() => null);
  const missing = SEARCH_ATTRIBUTES.filter((name) => !existing?.customAttributes?.[name]);
  if (existing && missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
  } catch (error) {
    if (/already exist/i.test(String(error))) return;
    throw new Error(
      `Temporal's namespace ${namespace} lacks search attributes and they can't be made from here. Create them once: ` +
        missing.map((name) => `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword`).join(' ; '),
      { cause: error },
    );
  }
}
