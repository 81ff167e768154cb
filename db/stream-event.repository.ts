import { sql, type Transaction } from 'kysely';
import type { StreamEvent } from '../domain/streaming/stream-event.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Database } from './schema.ts';
import { ALIVE_S } from './stream-session.repository.ts';

/** The same event of the same client within so long is a repeat: servers that start again count their clients from one. */
const REPEAT_S = 30;

export interface NewStreamEvent {
  event: StreamEvent;
  /** null: it names none of ours. */
  stream_id: string | null;
  remote_address: string | null;
  outcome: string;
}

export interface KeptEvent {
  id: string;
  is_repeat: boolean;
}

/** Keeps an event once. */
export async function keepStreamEvent(db: Db, { event, stream_id, remote_address, outcome }: NewStreamEvent): Promise<KeptEvent> {
  const repeated = await findRepeated(db, event, stream_id);
  if (repeated) {
    await db.updateTable('stream_events').set({ times_received: sql<number>`times_received + 1` }).where('id', '=', repeated.id).execute();
    return { id: repeated.id, is_repeat: true };
  }
  const id = ownIdOf(event) ?? newId();
  const row = { id, event: event.kind, stream_id, media_server: event.media_server, client_id: event.client_id, remote_address, body: JSON.stringify(event.body), outcome };
  const kept = await db
    .insertInto('stream_events')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ times_received: sql<number>`stream_events.times_received + 1` }))
    .returning(['id', 'times_received'])
    .executeTakeFirstOrThrow();
  return { id: kept.id, is_repeat: kept.times_received > 1 };
}

const ownIdOf = ({ event_id, media_server, kind }: StreamEvent): string | null => (event_id === null ? null : `${media_server ?? ''}:${kind}:${event_id}`);

async function findRepeated(db: Db, event: StreamEvent, streamId: string | null): Promise<{ id: string } | undefined> {
  if (event.client_id === null || streamId === null || event.event_id !== null) return undefined;
  const last = await sameClient(db, event, streamId).select(['id', 'event']).where('received_at', '>', sql<Date>`now() - make_interval(secs => ${REPEAT_S})`).executeTakeFirst();
  return last?.event === event.kind ? last : undefined;
}

const sameClient = (db: Db, event: StreamEvent, streamId: string) =>
  db
    .selectFrom('stream_events')
    .where('stream_id', '=', streamId)
    .where('client_id', 'is not distinct from', event.client_id)
    .where('media_server', 'is not distinct from', event.media_server)
    .orderBy('received_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1);

/** Events of one stream follow each other. */
export const inTurn = <T>(db: Db, streamId: string, act: (trx: Transaction<Database>) => Promise<T>): Promise<T> =>
  db.transaction().execute(async (trx) => {
    await trx.selectFrom('streams').select('id').where('id', '=', streamId).forNoKeyUpdate().executeTakeFirst();
    return act(trx);
  });

/** Whether an encoder publishes right now in another way than by way of a media server that announces it. */
export async function isBusyElsewhere(db: Db, streamId: string): Promise<boolean> {
  const open = await db
    .selectFrom('stream_sessions')
    .select('id')
    .where('stream_id', '=', streamId)
    .where('ended_at', 'is', null)
    .where('kind', '<>', 'rtmp_pull')
    .where(sql<boolean>`last_media_at > now() - make_interval(secs => ${ALIVE_S})`)
    .executeTakeFirst();
  return open !== undefined;
}

/**
 * Ends the session that was fetched from a media server whose publisher has left. A word of a publisher before the present one, or of a player, ends nothing.
 * @returns whether a session was ended
 */
export async function endPulledSession(db: Db, streamId: string, event: StreamEvent): Promise<boolean> {
  const published = await db
    .selectFrom('stream_events')
    .select(['client_id', 'media_server', 'received_at'])
    .where('stream_id', '=', streamId)
    .where('event', '=', 'on_publish')
    .where('outcome', '=', 'announced')
    .orderBy('received_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!published || published.client_id !== event.client_id || published.media_server !== event.media_server) return false;
  const ended = await db
    .updateTable('stream_sessions')
    .set({ ended_at: sql<Date>`now()`, end_reason: 'closed', end_detail: 'The media server says that its publisher has left.' })
    .where('stream_id', '=', streamId)
    .where('kind', '=', 'rtmp_pull')
    .where('ended_at', 'is', null)
    .where('started_at', '>=', published.received_at)
    .executeTakeFirst();
  return ended.numUpdatedRows > 0n;
}
