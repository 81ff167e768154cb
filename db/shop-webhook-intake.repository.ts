import type pg from 'pg';
import type { ShopWebhook, ShopWebhookState } from '../domain/contracts/shop-webhook.ts';

/** A webhook whose signature was checked. */
export interface NewShopWebhook {
  /** TikTok's notification id; the body's SHA-256 where there is none. */
  id: string;
  type: number;
  kind: ShopWebhook['kind'];
  shop_id: string | null;
  subject: string | null;
  /** As it came. */
  body: string;
  sent_at_ms: number;
}

export interface StoredShopWebhook {
  state: ShopWebhookState;
  /** It was here before, or came several times at once. */
  is_repeat: boolean;
}

type Queryable = Pick<pg.Pool, 'query'>;

/**
 * Keeps webhooks in one statement, each once: one that is known is counted. The channel is the one that has the shop now.
 * @param received ids that differ, with how often each came
 * @param timeoutMs after that the connection is given up; whether the rows are there is not known then, and another attempt shows it
 */
export async function storeShopWebhooks(db: Queryable, received: readonly { webhook: NewShopWebhook; times: number }[], timeoutMs: number): Promise<Map<string, StoredShopWebhook>> {
  const column = <T>(of: (each: (typeof received)[number]) => T): T[] => received.map(of);
  const values = [
    column(({ webhook }) => webhook.id),
    column(({ webhook }) => webhook.type),
    column(({ webhook }) => webhook.kind),
    column(({ webhook }) => webhook.shop_id),
    column(({ webhook }) => webhook.subject),
    column(({ webhook }) => webhook.body),
    column(({ webhook }) => new Date(webhook.sent_at_ms)),
    column(({ times }) => times),
  ];
  // pg knows query_timeout for each statement; its types do not.
  const statement = { name: 'store-shop-webhooks', text: STORE, values, query_timeout: timeoutMs };
  const { rows } = await db.query<{ id: string; state: ShopWebhookState; times_received: number }>(statement);
  const times = new Map(received.map((each) => [each.webhook.id, each.times]));
  return new Map(rows.map(({ id, state, times_received }) => [id, { state, is_repeat: times_received > 1 || times.get(id)! > 1 }]));
}

/** Ordered by id, so that two processes that store the same webhooks at once wait for each other in one order, and never for ever. */
const STORE = `
  insert into shop_webhooks (id, type, kind, shop_id, workspace_id, channel_id, subject, body, sent_at, times_received)
  select w.id, w.type, w.kind, w.shop_id, c.workspace_id, c.id, w.subject, w.body, w.sent_at, w.times
  from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::int[])
    as w (id, type, kind, shop_id, subject, body, sent_at, times)
  left join channels c on c.shop_id = w.shop_id and c.state <> 'disconnected'
  order by w.id collate "C"
  on conflict (id) do update set times_received = shop_webhooks.times_received + excluded.times_received
  returning id, state, times_received`;
