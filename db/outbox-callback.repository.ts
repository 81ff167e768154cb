import type { ShopMessage } from '../domain/contracts/shop-message.ts';
import type { Session } from './outbox-publishing.repository.ts';

export interface DueCallback {
  message_id: string;
  workspace_id: string;
  key: string;
  body: ShopMessage;
  created_at: Date;
  http_attempts: number;
}

/**
 * The first message of each key that is not called back yet, where its time has come; oldest first.
 * @param busyKeys keys with a call under way
 */
export async function listDueCallbacks(session: Session, limit: number, busyKeys: readonly string[]): Promise<DueCallback[]> {
  const { rows } = await session.query<DueCallback>(
    `select message_id, workspace_id, key, body, created_at, http_attempts from shop_outbox due
      where http_at is null and http_gave_up_at is null and (http_next_at is null or http_next_at <= now()) and key <> all($2::text[])
        and not exists (select 1 from shop_outbox earlier
          where earlier.key = due.key and earlier.seq < due.seq and earlier.http_at is null and earlier.http_gave_up_at is null)
      order by seq limit $1`,
    [limit, busyKeys],
  );
  return rows;
}

/** @param amqpIsOff it is done then */
export async function markCalledBack(session: Session, messageId: string, amqpIsOff: boolean): Promise<void> {
  await session.query(
    `update shop_outbox set http_at = now(), http_attempts = http_attempts + 1, http_error = null, http_next_at = null,
        amqp_at = case when $2 and amqp_at is null then '-infinity' else amqp_at end
      where message_id = $1`,
    [messageId, amqpIsOff],
  );
}

/** @param nextAt null: it is given up */
export async function noteFailedCallback(session: Session, messageId: string, error: string, nextAt: Date | null, amqpIsOff: boolean): Promise<void> {
  await session.query(
    `update shop_outbox set http_attempts = http_attempts + 1, http_error = $2, http_next_at = $3,
        http_gave_up_at = case when $3::timestamptz is null then now() end,
        amqp_at = case when $4 and $3::timestamptz is null and amqp_at is null then '-infinity' else amqp_at end
      where message_id = $1`,
    [messageId, error, nextAt, amqpIsOff],
  );
}
