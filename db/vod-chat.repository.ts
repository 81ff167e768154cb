import { sql } from 'kysely';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

export type ReplayedMessage = Pick<Row<'chat_messages'>, 'id' | 'position' | 'user_id' | 'user_name' | 'message' | 'reply_to' | 'sent_at'>;

export interface ReplayQuery {
  stream_id: string;
  /** Wall clock, epoch milliseconds; null: from the first. */
  from_ms: number | null;
  /** Those sent before; null: to the last. */
  to_ms: number | null;
  /** Position of the last message that was shown. */
  after: number | null;
  limit: number;
}

/** A stream's messages that were not deleted, in their order. */
export const replayMessages = (db: Db, { stream_id, from_ms, to_ms, after, limit }: ReplayQuery): Promise<ReplayedMessage[]> =>
  db
    .selectFrom('chat_messages')
    .select(['id', 'position', 'user_id', 'user_name', 'message', 'reply_to', 'sent_at'])
    .where('stream_id', '=', stream_id)
    .where('deleted_at', 'is', null)
    .$if(from_ms !== null, (query) => query.where('sent_at', '>=', at(from_ms ?? 0)))
    .$if(to_ms !== null, (query) => query.where('sent_at', '<', at(to_ms ?? 0)))
    .$if(after !== null, (query) => query.where('position', '>', after ?? 0))
    .orderBy('position')
    .limit(limit)
    .execute();

const at = (ms: number) => sql<Date>`to_timestamp(${ms}::double precision / 1000)`;
