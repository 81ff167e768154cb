import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

export interface ReceivedWebhook {
  /** The body as it came, already verified: its SHA-256 is what makes a repeat the same webhook. */
  body: string;
  event: string;
  user_openid: string | null;
}

/** Keeps a webhook, or counts it once more. `processed`: nothing is left to do for it. */
export async function storeWebhook(db: Db, { body, event, user_openid }: ReceivedWebhook): Promise<{ id: string; processed: boolean }> {
  const id = createHash('sha256').update(body, 'utf8').digest('hex');
  const { rows } = await sql<{ processed: boolean }>`
    insert into tiktok_webhooks (id, event, user_openid, body) values (${id}, ${event}, ${user_openid}, ${body})
    on conflict (id) do update set times_received = tiktok_webhooks.times_received + 1
    returning processed_at is not null as processed`.execute(db);
  return { id, processed: rows[0]!.processed };
}

export const findWebhook = (db: Db, id: string): Promise<Row<'tiktok_webhooks'> | undefined> =>
  db.selectFrom('tiktok_webhooks').selectAll().where('id', '=', id).executeTakeFirst();

/** What came of it, for people who look for a webhook; the first word on it stands. */
export async function settleWebhook(db: Db, id: string, outcome: string): Promise<void> {
  await db
    .updateTable('tiktok_webhooks')
    .set({ processed_at: sql<Date>`now()`, outcome })
    .where('id', '=', id)
    .where('processed_at', 'is', null)
    .execute();
}

/** Webhooks that nobody has processed for `olderThanMs`, the oldest first. */
export async function listOpenWebhooks(db: Db, olderThanMs: number, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('tiktok_webhooks')
    .select('id')
    .where('processed_at', 'is', null)
    .where('received_at', '<', sql<Date>`now() - make_interval(secs => ${olderThanMs / 1_000}::float8)`)
    .orderBy('received_at')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** Accounts that stand for this TikTok user, whatever workspace they are in; those that a person disconnected left out. */
export const listAccountsOfOpenId = (db: Db, openId: string): Promise<Pick<Row<'social_accounts'>, 'id' | 'workspace_id' | 'connected_at'>[]> =>
  db.selectFrom('social_accounts').select(['id', 'workspace_id', 'connected_at']).where('open_id', '=', openId).where('state', '<>', 'disconnected').execute();
