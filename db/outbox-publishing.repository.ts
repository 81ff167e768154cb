import type pg from 'pg';
import type { ShopMessage } from '../domain/contracts/shop-message.ts';

/** The connection that holds the lock: with it the right to touch these rows is lost too. */
export type Session = Pick<pg.ClientBase, 'query'>;

export interface WaitingMessage {
  message_id: string;
  key: string;
  body: ShopMessage;
}

/**
 * Messages that RabbitMQ has not confirmed, oldest first. Whatever committed late is among them: the number says in which order the messages of one
 * key come, and nothing about what was seen before.
 */
export async function listUnpublished(session: Session, limit: number): Promise<WaitingMessage[]> {
  const { rows } = await session.query<WaitingMessage>('select message_id, key, body from shop_outbox where amqp_at is null order by seq limit $1', [limit]);
  return rows;
}

/** @param httpIsOff they are done then */
export async function markPublished(session: Session, messageIds: readonly string[], httpIsOff: boolean): Promise<void> {
  await session.query(
    `update shop_outbox set amqp_at = now(), http_at = case when $2 and http_at is null and http_gave_up_at is null then '-infinity' else http_at end
      where message_id = any($1::uuid[]) and amqp_at is null`,
    [messageIds, httpIsOff],
  );
}

/** What went one way while both were on, and waits for the other, which is off now, waits no longer. */
export async function settleWithoutHttp(session: Session): Promise<void> {
  await session.query(`update shop_outbox set http_at = '-infinity' where http_at is null and http_gave_up_at is null and amqp_at is not null`);
}

/** As settleWithoutHttp. */
export async function settleWithoutAmqp(session: Session): Promise<void> {
  await session.query(`update shop_outbox set amqp_at = '-infinity' where amqp_at is null and (http_at is not null or http_gave_up_at is not null)`);
}
