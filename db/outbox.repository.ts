import { sql, type Transaction } from 'kysely';
import type { NewShopMessage, ShopMessage } from '../domain/contracts/shop-message.ts';
import { CHANNELS } from '../domain/names.ts';
import { newId } from './ids.ts';
import { jsonbText } from './jsonb-text.ts';
import type { Database } from './schema.ts';

/**
 * Writes messages in the transaction that changed what they tell of. The caller holds the row lock of each order or product, so that the numbers of
 * one key commit in their order. The hint goes out with the commit.
 */
export async function appendMessages(trx: Transaction<Database>, messages: readonly NewShopMessage[], now: Date): Promise<void> {
  if (messages.length === 0) return;
  const whole = messages.map((message): ShopMessage => ({ ...message, message_id: newId(), schema_version: 1, occurred_at: now.toISOString() }) as ShopMessage);
  await trx
    .insertInto('shop_outbox')
    .values(whole.map((message) => ({ message_id: message.message_id, workspace_id: message.workspace_id, channel_id: message.channel_id, type: message.type, key: keyOf(message), body: jsonbText(message) })))
    .execute();
  await sql`select pg_notify(${CHANNELS.outbox}, '')`.execute(trx);
}

const keyOf = (message: ShopMessage): string => `${message.channel_id}:${message.type === 'order' ? message.order.order_id : message.product.product_id}`;
