import { sql } from 'kysely';
import type { ChannelState } from '../domain/contracts/channel.ts';
import type { ShopWebhookState } from '../domain/contracts/shop-webhook.ts';
import type { Db } from './client.ts';

/** The channel that has a shop now, for those who route its webhooks. */
export interface ShopOwner {
  channel_id: string;
  shop_id: string;
  workspace_id: string;
  authorization_id: string;
  state: Exclude<ChannelState, 'disconnected'>;
  /** The seller's consent that counts: what was said before it is about an earlier one. */
  authorized_at: Date;
}

export const findShopOwner = (db: Db, shopId: string): Promise<ShopOwner | undefined> =>
  db
    .selectFrom('channels as c')
    .innerJoin('shop_authorizations as a', 'a.id', 'c.authorization_id')
    .select(['c.id as channel_id', 'c.shop_id', 'c.workspace_id', 'c.authorization_id', 'c.state', 'a.connected_at as authorized_at'])
    .where('c.shop_id', '=', shopId)
    .where('c.state', '<>', 'disconnected')
    .$narrowType<{ state: ShopOwner['state'] }>()
    .executeTakeFirst();

export interface OpenShopWebhook {
  id: string;
  body: string;
  attempts: number;
  replays: number;
}

/** What does not touch the shop's orders and products, and so is not held back by a channel that is paused. */
const OF_AUTHORIZATION = sql`('deauthorized', 'authorization_expiring')`;
const ofShop = (shopId: string) => (shopId === '' ? sql<boolean>`shop_id is null` : sql<boolean>`shop_id = ${shopId}`);

/** The next open webhooks of a shop ('': of none), what was tried least often first, then in the order in which they came. */
export async function listOpenShopWebhooks(db: Db, shopId: string, { limit, untriedOnly, isPaused }: { limit: number; untriedOnly: boolean; isPaused: boolean }): Promise<OpenShopWebhook[]> {
  const { rows } = await sql<OpenShopWebhook>`
    select id, body, attempts, replays from shop_webhooks
    where state = 'received' and ${ofShop(shopId)} and (${!untriedOnly} or attempts = 0) and (${!isPaused} or kind in ${OF_AUTHORIZATION})
    order by attempts, seq limit ${limit}`.execute(db);
  return rows;
}

/** Tried without success, to be tried again. */
export async function countTriedShopWebhooks(db: Db, shopId: string, isPaused: boolean): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from shop_webhooks
    where state = 'received' and ${ofShop(shopId)} and attempts > 0 and (${!isPaused} or kind in ${OF_AUTHORIZATION})`.execute(db);
  return rows[0]!.count;
}

export interface SettledShopWebhook {
  id: string;
  /** As it was read: one that a person has had replayed since stays open. */
  replays: number;
  /** received: it is tried again. */
  state: ShopWebhookState;
  /** For people. */
  outcome: string;
}

/** Writes what came of webhooks, and whose they are. An attempt that did not end them is counted where `counts` says so. */
export async function settleShopWebhooks(db: Db, settled: readonly (SettledShopWebhook & { counts: boolean })[], owner: Pick<ShopOwner, 'channel_id' | 'workspace_id'> | null): Promise<void> {
  if (settled.length === 0) return;
  const column = <T>(of: (each: (typeof settled)[number]) => T): T[] => settled.map(of);
  await sql`
    update shop_webhooks w
    set state = s.state, outcome = s.outcome, attempts = w.attempts + s.counts::int, processed_at = case when s.state = 'received' then null else now() end,
      channel_id = coalesce(${owner?.channel_id ?? null}::uuid, w.channel_id), workspace_id = coalesce(${owner?.workspace_id ?? null}::uuid, w.workspace_id)
    from unnest(${column(({ id }) => id)}::text[], ${column(({ replays }) => replays)}::int[], ${column(({ state }) => state)}::text[],
      ${column(({ outcome }) => outcome)}::text[], ${column(({ counts }) => counts)}::boolean[]) as s (id, replays, state, outcome, counts)
    where w.id = s.id and w.replays = s.replays and w.state = 'received'`.execute(db);
}

/** Ends all open webhooks of a shop that no workspace has, at most `limit`. @returns how many */
export async function ignoreShopWebhooks(db: Db, shopId: string, outcome: string, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    update shop_webhooks set state = 'ignored', outcome = ${outcome}, attempts = attempts + 1, processed_at = now()
    where id in (select id from shop_webhooks where state = 'received' and ${ofShop(shopId)} order by attempts, seq limit ${limit}) and state = 'received'`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** Shops ('': none) whose webhooks nobody has processed for so long; those of paused channels wait by intent. */
export async function listShopsWithOpenWebhooks(db: Db, olderThanMs: number, limit: number): Promise<string[]> {
  const { rows } = await sql<{ shop_id: string | null }>`
    select distinct w.shop_id from shop_webhooks w
    where w.state = 'received' and w.received_at < now() - make_interval(secs => ${olderThanMs / 1_000}::float8)
      and (w.kind in ${OF_AUTHORIZATION} or not exists (select from channels c where c.shop_id = w.shop_id and c.state = 'paused'))
    limit ${limit}`.execute(db);
  return rows.map(({ shop_id }) => shop_id ?? '');
}
