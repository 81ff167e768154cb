import { sql, type Kysely, type SelectQueryBuilder } from 'kysely';
import type { ChatRestriction, RestrictionKind } from '../domain/contracts/chat.ts';
import { notifyChat } from './chat-notice.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Database, Row } from './schema.ts';

type RestrictionRow = Row<'chat_restrictions'>;

const COLUMNS = ['id', 'workspace_id', 'stream_id', 'user_id', 'kind', 'reason', 'until', 'created_by', 'created_at'] as const;

const toRestriction = ({ until, created_at, ...row }: Pick<RestrictionRow, (typeof COLUMNS)[number]>): ChatRestriction => ({
  ...row,
  until: until?.toISOString() ?? null,
  created_at: created_at.toISOString(),
});

/** Not lifted, and not over: the workflow that lifts it may be late. */
const inForce = <O>(query: SelectQueryBuilder<Database, 'chat_restrictions', O>) =>
  query.where('lifted_at', 'is', null).where((eb) => eb.or([eb('until', 'is', null), eb('until', '>', sql<Date>`now()`)]));

interface Reach {
  workspaceId: string;
  streamId: string;
}

const reaching = (db: Kysely<Database>, { workspaceId, streamId }: Reach) =>
  inForce(db.selectFrom('chat_restrictions').select(COLUMNS))
    .where('workspace_id', '=', workspaceId)
    .where((eb) => eb.or([eb('stream_id', 'is', null), eb('stream_id', '=', streamId)]));

/** What holds for these users in a stream, of the stream and of its workspace. */
export async function activeRestrictions(db: Kysely<Database>, { userIds, ...reach }: Reach & { userIds: readonly string[] }): Promise<ChatRestriction[]> {
  return (await reaching(db, reach).where('user_id', 'in', userIds).execute()).map(toRestriction);
}

/** Newest first: one more than `limit`. */
export async function listRestrictions(db: Kysely<Database>, { limit, before, ...reach }: Reach & { limit: number; before?: string }): Promise<ChatRestriction[]> {
  const rows = await reaching(db, reach)
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  return rows.map(toRestriction);
}

export interface NewRestriction {
  workspace_id: string;
  /** null: all streams of the workspace. */
  stream_id: string | null;
  user_id: string;
  kind: RestrictionKind;
  reason: string | null;
  /** null: for good. */
  seconds: number | null;
  created_by: string;
}

/** Holds from its commit on. One that is there already is given the new time and reason, and keeps its id. */
export const restrict = (db: Db, { seconds, ...draft }: NewRestriction): Promise<ChatRestriction> =>
  db.transaction().execute(async (trx) => {
    const until = seconds === null ? null : sql<Date>`now() + make_interval(secs => ${seconds})`;
    const row = await trx
      .insertInto('chat_restrictions')
      .values({ id: newId(), ...draft, until })
      .onConflict((conflict) =>
        conflict
          .expression(sql`workspace_id, coalesce(stream_id, '00000000-0000-0000-0000-000000000000'::uuid), user_id, kind`)
          .where('lifted_at', 'is', null)
          .doUpdateSet({ until, reason: draft.reason, created_by: draft.created_by, created_at: sql`now()`, timer_started_at: null }),
      )
      .returning(COLUMNS)
      .executeTakeFirstOrThrow();
    await notifyChat(trx, [noticeOf(row)]);
    return toRestriction(row);
  });

const noticeOf = ({ workspace_id, stream_id, user_id }: Pick<RestrictionRow, 'workspace_id' | 'stream_id' | 'user_id'>) => ({ kind: 'restriction', workspace_id, stream_id, user_id }) as const;

/** @returns what was lifted; nothing where it was not in force */
export const lift = (db: Db, which: Reach & ({ restrictionId: string } | { userId: string; kind: RestrictionKind }), liftedBy: string): Promise<ChatRestriction[]> =>
  db.transaction().execute(async (trx) => {
    const rows = await trx
      .updateTable('chat_restrictions')
      .set({ lifted_at: sql`now()`, lifted_by: liftedBy })
      .where('lifted_at', 'is', null)
      .where('workspace_id', '=', which.workspaceId)
      .where((eb) => eb.or([eb('stream_id', 'is', null), eb('stream_id', '=', which.streamId)]))
      .where((eb) => ('restrictionId' in which ? eb('id', '=', which.restrictionId) : eb.and([eb('user_id', '=', which.userId), eb('kind', '=', which.kind)])))
      .returning(COLUMNS)
      .execute();
    await notifyChat(trx, rows.map(noticeOf));
    return rows.map(toRestriction);
  });

/** Lifts it where its time is over. @returns the time until which it lasts, null where it was lifted or has none (any more) */
export const liftWhenOver = (db: Db, restrictionId: string): Promise<Date | null> =>
  db.transaction().execute(async (trx) => {
    await liftOver(trx, [restrictionId]);
    const row = await trx.selectFrom('chat_restrictions').select('until').where('id', '=', restrictionId).where('lifted_at', 'is', null).executeTakeFirst();
    return row?.until ?? null;
  });

/** Lifts what is over and was lifted by nobody. @returns how many */
export const sweepOver = (db: Db, limit: number): Promise<number> =>
  db.transaction().execute(async (trx) => {
    const over = await trx
      .selectFrom('chat_restrictions')
      .select('id')
      .where('lifted_at', 'is', null)
      .where('until', '<=', sql<Date>`now()`)
      .orderBy('until')
      .limit(limit)
      .forUpdate()
      .skipLocked()
      .execute();
    await liftOver(trx, over.map(({ id }) => id));
    return over.length;
  });

async function liftOver(trx: Kysely<Database>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const rows = await trx
    .updateTable('chat_restrictions')
    .set({ lifted_at: sql`now()` })
    .where('id', 'in', ids)
    .where('lifted_at', 'is', null)
    .where('until', '<=', sql<Date>`now()`)
    .returning(COLUMNS)
    .execute();
  await notifyChat(trx, rows.map(noticeOf));
}

export interface UntimedRestriction {
  id: string;
  workspace_id: string;
  until: Date;
}

/** Those that have a time and whose workflow nobody started: Temporal was away. Younger than `olderThanS` seconds they may just be on their way. */
export async function untimedRestrictions(db: Kysely<Database>, { olderThanS, limit }: { olderThanS: number; limit: number }): Promise<UntimedRestriction[]> {
  const rows = await db
    .selectFrom('chat_restrictions')
    .select(['id', 'workspace_id', 'until'])
    .where('lifted_at', 'is', null)
    .where('until', 'is not', null)
    .where('timer_started_at', 'is', null)
    .where('created_at', '<=', sql<Date>`now() - make_interval(secs => ${olderThanS})`)
    .orderBy('until')
    .limit(limit)
    .execute();
  return rows.flatMap(({ until, ...row }) => (until ? [{ ...row, until }] : []));
}

export async function noteTimer(db: Kysely<Database>, restrictionId: string): Promise<void> {
  await db.updateTable('chat_restrictions').set({ timer_started_at: sql`now()` }).where('id', '=', restrictionId).execute();
}
