import { sql } from 'kysely';
import type { Db } from './client.ts';

export interface OutboxBacklog {
  way: 'amqp' | 'http';
  waiting: number;
  /** Seconds; 0 where none waits. */
  oldest_s: number;
}

/** What waits in the outbox, both ways. */
export async function measureOutbox(db: Db): Promise<OutboxBacklog[]> {
  const { rows } = await sql<OutboxBacklog>`
    select 'amqp' as way, count(*) as waiting, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest_s from shop_outbox where amqp_at is null
    union all
    select 'http', count(*), coalesce(extract(epoch from now() - min(created_at)), 0)::float8 from shop_outbox where http_at is null and http_gave_up_at is null`.execute(db);
  return rows;
}
