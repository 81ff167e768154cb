import { sql } from 'kysely';
import type { ShopWebhook, ShopWebhookState } from '../domain/contracts/shop-webhook.ts';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

const SHOWN = [
  'id',
  'seq',
  'type',
  'kind',
  'shop_id',
  'channel_id',
  'subject',
  'sent_at',
  'received_at',
  'times_received',
  'state',
  'attempts',
  'processed_at',
  'outcome',
  'replays',
] as const;

/** A webhook without its body. */
export type ShopDelivery = Pick<Row<'shop_webhooks'>, (typeof SHOWN)[number]>;

export interface ShopDeliveryFilter {
  type?: number | undefined;
  kinds?: readonly ShopWebhook['kind'][] | undefined;
  states?: readonly ShopWebhookState[] | undefined;
  /** Order, product or package. */
  subject?: string | undefined;
  channelId?: string | undefined;
  /** Of the row below which the page starts. */
  beforeSeq?: number | undefined;
  limit: number;
}

/** A workspace's webhooks, newest first. */
export function listShopDeliveries(db: Db, workspaceId: string, { type, kinds, states, subject, channelId, beforeSeq, limit }: ShopDeliveryFilter): Promise<ShopDelivery[]> {
  return db
    .selectFrom('shop_webhooks')
    .select(SHOWN)
    .where('workspace_id', '=', workspaceId)
    .$if(type !== undefined, (query) => query.where('type', '=', type!))
    .$if(kinds !== undefined, (query) => query.where('kind', 'in', kinds!))
    .$if(states !== undefined, (query) => query.where('state', 'in', states!))
    .$if(subject !== undefined, (query) => query.where('subject', '=', subject!))
    .$if(channelId !== undefined, (query) => query.where('channel_id', '=', channelId!))
    .$if(beforeSeq !== undefined, (query) => query.where('seq', '<', beforeSeq!))
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute();
}

export const findShopDelivery = (db: Db, workspaceId: string, id: string): Promise<(ShopDelivery & { body: string }) | undefined> =>
  db
    .selectFrom('shop_webhooks')
    .select([...SHOWN, 'body'])
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst();

/** Opens a webhook again, whatever came of it before. */
export const reopenShopDelivery = (db: Db, workspaceId: string, id: string): Promise<ShopDelivery | undefined> =>
  db
    .updateTable('shop_webhooks')
    .set({ state: 'received', attempts: 0, processed_at: null, outcome: null, replays: sql<number>`replays + 1` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .returning(SHOWN)
    .executeTakeFirst();
