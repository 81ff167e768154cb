import type { Client } from '@temporalio/client';
import type pg from 'pg';
import type { Db } from '../../db/client.ts';
import type { SecretBox } from '../../db/secret-box.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import type { ErrorLog } from '../live/log.ts';
import type { AccountCalls } from './account-calls.ts';
import { createConnectActivities } from './connect-account.ts';
import { createDisconnectActivities } from './disconnect-account.ts';
import { createCreatorInfoActivities } from './read-creator-info.ts';
import { createTokenActivities } from './refresh-token.ts';
import { createTokenWorkflow } from './token-workflow.ts';

export interface AccountDeps {
  db: Db;
  pool: Pick<pg.Pool, 'query'>;
  secrets: SecretBox;
  tiktok: OpenApiClient;
  client: Client;
  taskQueuePrefix: string;
  logger: ErrorLog;
}

/** What connects accounts, keeps their tokens and disconnects them. They run on accountsTaskQueue, where no upload holds them up. */
export function createAccountActivities({ taskQueuePrefix, ...deps }: AccountDeps) {
  const tokens = createTokenWorkflow(deps.client, taskQueuePrefix);
  return { ...createTokenActivities(deps), ...createConnectActivities({ ...deps, tokens }), ...createDisconnectActivities(deps) };
}

export type AccountActivities = ReturnType<typeof createAccountActivities>;

/** What waits for a token itself, and so runs on the queue of the role publish. */
export const createAccountReadActivities = (deps: { tiktok: OpenApiClient; calls: AccountCalls }) => createCreatorInfoActivities(deps);

export type AccountReadActivities = ReturnType<typeof createAccountReadActivities>;
