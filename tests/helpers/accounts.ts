import type { Client } from '@temporalio/client';
import type { AccountCalls } from '../../activities/accounts/account-calls.ts';
import { createAccountActivities, createAccountReadActivities } from '../../activities/accounts/account.activities.ts';
import { createAccountCalls } from '../../activities/accounts/create-account-calls.ts';
import type { Db } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import type { NewRow } from '../../db/schema.ts';
import { createSecretBox, type SecretBox } from '../../db/secret-box.ts';
import type { SocialAccountRow } from '../../db/social-account.repository.ts';
import type { TokenGrant } from '../../domain/contracts/open-api.ts';
import { accountsTaskQueue, taskQueue } from '../../domain/names.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import type { TestDatabase } from './database.ts';
import { quietLog } from './quiet-log.ts';
import { seedWorkspace } from './seed.ts';
import type { TestTemporal } from './temporal.ts';

export const testSecrets = (): SecretBox => createSecretBox(['ab'.repeat(32)]);

/** A connected account with a pair that TikTok gave out, straight in the table. `over` changes the row. */
export async function seedSocialAccount(
  db: Db,
  secrets: SecretBox,
  workspace_id: string,
  grant: TokenGrant,
  over: Partial<NewRow<'social_accounts'>> = {},
): Promise<string> {
  const id = newId();
  const now = Date.now();
  await db
    .insertInto('social_accounts')
    .values({
      id,
      workspace_id,
      open_id: grant.open_id,
      scopes: grant.scopes,
      state: 'connected',
      access_token: secrets.seal(grant.access_token),
      refresh_token: secrets.seal(grant.refresh_token),
      token_obtained_at: new Date(now),
      access_expires_at: new Date(now + grant.access_expires_in_s * 1_000),
      refresh_expires_at: new Date(now + grant.refresh_expires_in_s * 1_000),
      ...over,
    })
    .execute();
  return id;
}

export interface AccountsHarness {
  db: Db;
  client: Client;
  secrets: SecretBox;
  calls: AccountCalls;
  activities: ReturnType<typeof createAccountActivities>;
  /** Of the workflows. */
  queue: string;
  prefix: string;
  /** Schedules that were asked for: `ensure:<id>`, `remove:<id>`. */
  schedules: string[];
  workspace_id: string;
  user_id: string;
  row(id: string): Promise<SocialAccountRow>;
  notifications(): Promise<string[]>;
}

/** The role publish as far as accounts go, in this process; `tiktok` is whatever speaks for TikTok. */
export async function accountsHarness(database: TestDatabase, temporal: TestTemporal, tiktok: OpenApiClient): Promise<AccountsHarness> {
  const { db, pool } = database;
  const secrets = testSecrets();
  const prefix = `${temporal.taskQueue}-`;
  const parts = { db, pool, secrets, tiktok, client: temporal.client, taskQueuePrefix: prefix, logger: quietLog };
  const activities = createAccountActivities(parts);
  const calls = createAccountCalls(parts);
  const queue = taskQueue('publish', prefix);
  const schedules: string[] = [];
  const noted = (what: string) => async ({ social_account_id }: { social_account_id: string }) => void schedules.push(`${what}:${social_account_id}`);
  await temporal.runWorker({
    taskQueue: queue,
    activities: {
      ...createAccountReadActivities({ tiktok, calls }),
      ensureAnalyticsSchedule: noted('ensure'),
      removeAnalyticsSchedule: noted('remove'),
    },
  });
  await temporal.runWorker({ taskQueue: accountsTaskQueue(queue), activities });
  const seeded = await seedWorkspace(db);
  return {
    db,
    client: temporal.client,
    secrets,
    calls,
    activities,
    queue,
    prefix,
    schedules,
    ...seeded,
    row: (id) => db.selectFrom('social_accounts').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    notifications: async () => (await db.selectFrom('notifications').select('message').where('workspace_id', '=', seeded.workspace_id).orderBy('id').execute()).map(({ message }) => message),
  };
}
