import { sql } from 'kysely';
import type { Db } from './client.ts';

export const OUTBOX_STATES = ['waiting', 'failing', 'gave_up', 'sent'] as const;
export type OutboxState = (typeof OUTBOX_STATES)[number];

export interface OutboxEntry {
  seq: number;
  message_id: string;
  channel_id: string;
  type: 'order' | 'product';
  change: string;
  subject: string;
  sequence: number;
  created_at: Date;
  state: OutboxState;
  /** null: not yet, or that way is off. */
  amqp_at: Date | null;
  http_at: Date | null;
  http_attempts: number;
  http_error: string | null;
  http_next_at: Date | null;
  http_gave_up_at: Date | null;
}

export interface OutboxQuery {
  workspace_id: string;
  channel_id?: string | undefined;
  state?: OutboxState | undefined;
  /** seq below which the page starts. */
  before?: number | undefined;
  limit: number;
}

/** Each message is in one. Written so that the partial indexes find what is not sent. */
const CONDITIONS = {
  gave_up: sql<boolean>`http_gave_up_at is not null`,
  failing: sql<boolean>`(http_at is null and http_gave_up_at is null and http_error is not null)`,
  waiting: sql<boolean>`((amqp_at is null or http_at is null) and http_gave_up_at is null and (http_at is not null or http_error is null))`,
  sent: sql<boolean>`(amqp_at is not null and http_at is not null)`,
} as const satisfies Record<OutboxState, unknown>;
const STATE = sql<OutboxState>`case when ${CONDITIONS.gave_up} then 'gave_up' when ${CONDITIONS.failing} then 'failing' when ${CONDITIONS.waiting} then 'waiting' else 'sent' end`;

/** Messages of a workspace, newest first. */
export async function listOutbox(db: Db, { workspace_id, channel_id, state, before, limit }: OutboxQuery): Promise<OutboxEntry[]> {
  const { rows } = await sql<OutboxEntry>`
    select seq, message_id, channel_id, type, body->>'change' as change, coalesce(body->'order'->>'order_id', body->'product'->>'product_id') as subject,
      (body->>'sequence')::int as sequence, created_at, ${STATE} as state, nullif(amqp_at, '-infinity') as amqp_at, nullif(http_at, '-infinity') as http_at,
      http_attempts, http_error, http_next_at, http_gave_up_at
    from shop_outbox
    where workspace_id = ${workspace_id}
      and (${channel_id ?? null}::uuid is null or channel_id = ${channel_id ?? null}::uuid)
      and ${state ? CONDITIONS[state] : sql<boolean>`true`}
      and (${before ?? null}::bigint is null or seq < ${before ?? null}::bigint)
    order by seq desc limit ${limit}`.execute(db);
  return rows;
}
