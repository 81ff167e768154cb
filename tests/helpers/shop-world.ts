import type { Client } from '@temporalio/client';
import type { WorkerOptions } from '@temporalio/worker';
import { createShopAccountActivities, createShopTokenActivities } from '../../activities/shop/accounts/accounts.activities.ts';
import { createShopCalls } from '../../activities/shop/create-shop-calls.ts';
import type { ShopCalls } from '../../activities/shop/shop-calls.ts';
import type { AppendedEvents, ShopEventWriter } from '../../activities/shop/shop-events.ts';
import { createShopWorkflows, type ShopWorkflows } from '../../activities/shop/shop-workflows.ts';
import type { SyncSchedules } from '../../activities/shop/sync-schedules.ts';
import type { ChannelRow } from '../../db/channel.repository.ts';
import type { Db } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import type { NewRow } from '../../db/schema.ts';
import type { SecretBox } from '../../db/secret-box.ts';
import type { AuthorizationKey, ChannelKey } from '../../domain/contracts/channel.ts';
import type { ShopEvent } from '../../domain/contracts/shop-event.ts';
import { accountsTaskQueue, taskQueue } from '../../domain/names.ts';
import { SANDBOX_SHOP_APP } from '../../domain/sandbox-app.ts';
import { createShopClient, type ShopClient, type ShopClientOptions } from '../../tiktok/shop/index.ts';
import { testSecrets } from './accounts.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { quietLog } from './quiet-log.ts';
import { seedWorkspace } from './seed.ts';
import { INDONESIA, ShopSandbox, UK } from './shop-sandbox.ts';
import { testTemporal, type TestTemporal } from './temporal.ts';

export interface ShopWorldOptions {
  /** Whether messages for other systems are written; for the parts that are given `publishes`. Default true. */
  publishes?: boolean;
  client?: Partial<ShopClientOptions>;
  /** Most that a refresh may take, milliseconds. Default 15,000. */
  refreshMs?: number;
  publicUrl?: string | null;
  /** In the place of what tells other parts, where they do not run. */
  workflows?: Partial<ShopWorkflows>;
  /** Stands in for TikTok's client, around the real one. */
  around?: (tiktok: ShopClient) => ShopClient;
}

/** A channel that is connected, with what names it everywhere. */
export interface WorldChannel extends ChannelKey, AuthorizationKey {
  shop_id: string;
}

export interface ShopWorld {
  database: TestDatabase;
  db: Db;
  temporal: TestTemporal;
  client: Client;
  sandbox: ShopSandbox;
  tiktok: ShopClient;
  secrets: SecretBox;
  calls: ShopCalls;
  workflows: ShopWorkflows;
  /** What was asked of the Schedules: `ensure:<channel>`, `trigger:…`, `pause:…`, `remove:…`. */
  schedules: SyncSchedules & { asked: string[] };
  /** Keeps what was appended; stores nothing. */
  events: ShopEventWriter & { appended: ShopEvent[] };
  publishes: boolean;
  /** Of the workflows, and of the activities of the role shop. */
  queue: string;
  prefix: string;
  workspace_id: string;
  user_id: string;
  uk: WorldChannel;
  indonesia: WorldChannel;
  log: typeof quietLog;
  /** Runs the role shop with these activities; those of accounts are there already, on their own queue too. */
  worker(activities?: object, options?: Partial<WorkerOptions>): Promise<{ stop(): Promise<void> }>;
  channel(channelId: string): Promise<ChannelRow>;
  /** A workspace with an authorization of the sandbox's seller, without channels. */
  authorization(workspaceId: string, over?: Partial<NewRow<'shop_authorizations'>>): Promise<string>;
  notifications(workspaceId?: string): Promise<string[]>;
  close(): Promise<void>;
}

/** The role shop against the sandbox: real Temporal, PostgreSQL and client; one workspace with both of the seller's shops connected. */
export async function createShopWorld(options: ShopWorldOptions = {}): Promise<ShopWorld> {
  const [database, temporal, sandbox] = await Promise.all([createTestDatabase(), testTemporal(), ShopSandbox.start()]);
  const { db, pool } = database;
  const secrets = testSecrets();
  const prefix = `${temporal.taskQueue}-`;
  const queue = taskQueue('shop', prefix);
  const real = createShopClient({ apiUrl: sandbox.url, authUrl: sandbox.url, app: SANDBOX_SHOP_APP, timeoutMs: 10_000, ...options.client });
  const tiktok = options.around?.(real) ?? real;
  const { client } = temporal;
  const calls = createShopCalls({ db, secrets, client, taskQueuePrefix: prefix, logger: quietLog, refreshMs: options.refreshMs ?? 15_000 });
  const workflows = { ...createShopWorkflows(client, prefix), ...options.workflows };
  const schedules = notedSchedules();
  const { workspace_id, user_id } = await seedWorkspace(db);
  const authorization = (workspaceId: string, over: Partial<NewRow<'shop_authorizations'>> = {}) => seedAuthorization(db, secrets, sandbox, workspaceId, over);
  const authorization_id = await authorization(workspace_id);
  const connect = async (name: string): Promise<WorldChannel> => ({
    ...(await seedChannel(db, secrets, sandbox, { workspace_id, authorization_id }, name)),
    workspace_id,
    authorization_id,
    shop_id: sandbox.shopId(name),
  });
  const parts = { db, pool, secrets, tiktok, calls, workflows, schedules, publicUrl: options.publicUrl ?? null, logger: quietLog };
  let tokensRun = false;

  return {
    database,
    db,
    temporal,
    client,
    sandbox,
    tiktok,
    secrets,
    calls,
    workflows,
    schedules,
    events: notedEvents(),
    publishes: options.publishes ?? true,
    queue,
    prefix,
    workspace_id,
    user_id,
    uk: await connect(UK),
    indonesia: await connect(INDONESIA),
    log: quietLog,
    async worker(activities = {}, workerOptions = {}) {
      if (!tokensRun) await temporal.runWorker({ taskQueue: accountsTaskQueue(queue), activities: createShopTokenActivities(parts) });
      tokensRun = true;
      return temporal.runWorker({ taskQueue: queue, activities: { ...createShopAccountActivities(parts), ...activities }, maxHeartbeatThrottleInterval: '1s', ...workerOptions });
    },
    channel: (channelId) => db.selectFrom('channels').selectAll().where('id', '=', channelId).executeTakeFirstOrThrow(),
    authorization,
    notifications: async (workspaceId = workspace_id) =>
      (await db.selectFrom('notifications').select('message').where('workspace_id', '=', workspaceId).orderBy('id').execute()).map(({ message }) => message),
    async close() {
      await temporal.close();
      await tiktok.close();
      await sandbox.close();
      await database.drop();
    },
  };
}

/** Tokens that the sandbox's seller gave, straight in the table. `over` changes the row. */
export async function seedAuthorization(db: Db, secrets: SecretBox, sandbox: ShopSandbox, workspace_id: string, over: Partial<NewRow<'shop_authorizations'>> = {}): Promise<string> {
  const id = newId();
  const grant = await sandbox.control('POST', '/grant');
  await db
    .insertInto('shop_authorizations')
    .values({
      id,
      workspace_id,
      open_id: grant.open_id,
      seller_name: grant.seller_name,
      seller_base_region: grant.seller_base_region,
      granted_scopes: grant.granted_scopes,
      state: 'connected',
      access_token: secrets.seal(grant.access_token),
      refresh_token: secrets.seal(grant.refresh_token),
      token_obtained_at: new Date(),
      access_expires_at: new Date(grant.access_token_expire_in * 1_000),
      refresh_expires_at: new Date(grant.refresh_token_expire_in * 1_000),
      ...over,
    })
    .execute();
  return id;
}

/** One of the sandbox's shops as a channel, straight in the table. */
export async function seedChannel(db: Db, secrets: SecretBox, sandbox: ShopSandbox, authorization: AuthorizationKey, name: string, over: Partial<NewRow<'channels'>> = {}): Promise<{ channel_id: string }> {
  const id = newId();
  const shop = sandbox.shops[name];
  if (!shop) throw new Error(`The sandbox has no shop ${name}.`);
  await db
    .insertInto('channels')
    .values({ id, ...authorization, shop_id: shop.id, shop_cipher: secrets.seal(shop.cipher), name, region: name === UK ? 'GB' : 'ID', seller_type: 'LOCAL', code: null, state: 'active', ...over })
    .execute();
  return { channel_id: id };
}

function notedSchedules(): SyncSchedules & { asked: string[] } {
  const asked: string[] = [];
  const noted = (what: string) => async ({ channel_id }: ChannelKey) => void asked.push(`${what}:${channel_id}`);
  return { asked, ensure: noted('ensure'), trigger: noted('trigger'), pause: noted('pause'), remove: noted('remove') };
}

function notedEvents(): ShopEventWriter & { appended: ShopEvent[] } {
  const appended: ShopEvent[] = [];
  return {
    appended,
    append(_trx, events): Promise<AppendedEvents | null> {
      appended.push(...events);
      return Promise.resolve(null);
    },
    committed: () => undefined,
  };
}
