import { sql, type Kysely } from 'kysely';
import type { AppNotificationKind } from '../domain/contracts/social.ts';
import { CHANNELS } from '../domain/names.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import { isThere, notBlocked } from './relation.repository.ts';
import type { Database, Row } from './schema.ts';

export type AppNotification = Row<'app_notifications'>;

export interface AppNotificationDraft {
  workspace_id: string;
  /** Whom it tells. */
  user_id: string;
  /** Who caused it; null: we did. */
  sender_id: string | null;
  kind: AppNotificationKind;
  /** Words for people. */
  text: string;
  video_id?: string | null;
  subject_id?: string | null;
  /** The same cause tells once: 'like:<video>:<user>'. */
  dedupe_key?: string | null;
}

/**
 * Tells a user something: in their list, on their open connections, and by push. Part of the caller's transaction.
 * NOTIFY makes commits wait for one another: where many commit at once (gifts) it is called by a worker afterwards.
 * @returns its id; null: nothing was told, since they were told this before, cause it themselves, or one has blocked the other
 */
export async function notifyAppUser(db: Kysely<Database>, draft: AppNotificationDraft): Promise<string | null> {
  if (draft.sender_id === draft.user_id) return null;
  if (draft.kind === 'message') await freeReadKey(db, draft);
  const id = newId();
  const { rows } = await sql<{ id: string }>`
    insert into app_notifications (id, workspace_id, user_id, sender_id, kind, text, video_id, subject_id, dedupe_key)
    select ${id}, ${draft.workspace_id}, ${draft.user_id}, ${draft.sender_id}, ${draft.kind}, ${draft.text}, ${draft.video_id ?? null}, ${draft.subject_id ?? null}, ${draft.dedupe_key ?? null}
    where exists (select from app_users where id = ${draft.user_id} and workspace_id = ${draft.workspace_id} and deleted_at is null)
      and not exists (select from blocks where (user_id = ${draft.user_id} and blocked_id = ${draft.sender_id}) or (user_id = ${draft.sender_id} and blocked_id = ${draft.user_id}))
    on conflict (user_id, dedupe_key) where dedupe_key is not null do nothing
    returning id`.execute(db);
  if (rows.length === 0) return null;
  await sql`select pg_notify(${CHANNELS.app}, ${`${id} ${draft.user_id}`})`.execute(db);
  return id;
}

/**
 * A notification of messages that was read by itself, without its conversation, has told nothing of the one that comes now: it gives up
 * its key, and the new one is a notification of its own, with a push of its own. An unread one is locked, so that it tells of the message
 * to whoever reads it from now on.
 */
async function freeReadKey(db: Kysely<Database>, { user_id, dedupe_key }: AppNotificationDraft): Promise<void> {
  if (dedupe_key === null || dedupe_key === undefined) return;
  const held = await db.selectFrom('app_notifications').select(['id', 'read_at']).where('user_id', '=', user_id).where('dedupe_key', '=', dedupe_key).forNoKeyUpdate().executeTakeFirst();
  if (held && held.read_at !== null) await db.updateTable('app_notifications').set({ dedupe_key: null }).where('id', '=', held.id).execute();
}

/** A user's, as far as they may still see them: their senders are there and not blocked, their videos not deleted. */
const visible = (db: Db, workspaceId: string, userId: string) =>
  db
    .selectFrom('app_notifications as n')
    .leftJoin('app_users as sender', 'sender.id', 'n.sender_id')
    .leftJoin('videos as video', 'video.id', 'n.video_id')
    .where('n.workspace_id', '=', workspaceId)
    .where('n.user_id', '=', userId)
    .where((is) => is.or([is('n.sender_id', 'is', null), is.and([isThere('sender'), notBlocked(userId, 'n.sender_id')])]))
    .where((is) => is.or([is('n.video_id', 'is', null), is('video.deleted_at', 'is', null)]));

export interface ListPlace {
  /** Of the row after which the page begins; null: `page` says where. */
  before: string | null;
  page: number;
  limit: number;
}

/** Newest first. */
export const listAppNotifications = (db: Db, workspaceId: string, userId: string, { before, page, limit }: ListPlace): Promise<AppNotification[]> =>
  visible(db, workspaceId, userId)
    .selectAll('n')
    .$if(before !== null, (query) => query.where('n.id', '<', before!))
    .$if(before === null, (query) => query.offset(page * (limit - 1)))
    .orderBy('n.id', 'desc')
    .limit(limit)
    .execute();

export async function countUnreadAppNotifications(db: Db, workspaceId: string, userId: string): Promise<number> {
  const { unread } = await visible(db, workspaceId, userId)
    .where('n.read_at', 'is', null)
    .select((is) => is.fn.countAll<number>().as('unread'))
    .executeTakeFirstOrThrow();
  return unread;
}

/** @param ids at least one; null: all that there are now */
export const readAppNotifications = (db: Db, workspaceId: string, userId: string, ids: readonly string[] | null): Promise<unknown> =>
  db
    .updateTable('app_notifications')
    .set({ read_at: sql<Date>`now()` })
    .where('workspace_id', '=', workspaceId)
    .where('user_id', '=', userId)
    .where('read_at', 'is', null)
    .$if(ids !== null, (query) => query.where('id', 'in', ids!))
    .execute();

/** Those that tell of messages of a conversation; where all of these are read, see readUpTo. */
export const readMessageNotifications = (db: Kysely<Database>, userId: string, conversationId: string): Promise<unknown> =>
  db
    .updateTable('app_notifications')
    .set({ read_at: sql<Date>`now()` })
    .where('user_id', '=', userId)
    .where('read_at', 'is', null)
    .where('kind', '=', 'message')
    .where('subject_id', '=', conversationId)
    .execute();

/** For what connected apps are told: those of a notice, which its user may have read or lost meanwhile. */
export const findAppNotifications = (db: Db, ids: readonly string[]): Promise<AppNotification[]> =>
  ids.length === 0 ? Promise.resolve([]) : db.selectFrom('app_notifications').selectAll().where('id', 'in', ids).orderBy('id').execute();

/** Of these users, who is deleted or suspended. */
export async function goneAppUsers(db: Db, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await db.selectFrom('app_users').select('id').where('id', 'in', ids).where((is) => is.not(isThere('app_users'))).execute();
  return rows.map(({ id }) => id);
}

/** How long a notification is kept. */
const KEPT_DAYS = 90;
/** Rows of one statement: short locks, and a heartbeat in between. */
const CHUNK = 5_000;

/** Deletes notifications, and devices that are gone, of 90 days ago and before. @param beat called after each chunk */
export async function deleteOldAppNotifications(db: Db, beat: () => void): Promise<void> {
  for (let deleted = CHUNK; deleted === CHUNK; beat()) {
    const { numAffectedRows } = await sql`delete from app_notifications where id in (
      select id from app_notifications where created_at < now() - make_interval(days => ${KEPT_DAYS}) limit ${CHUNK})`.execute(db);
    deleted = Number(numAffectedRows ?? 0);
  }
  await sql`delete from app_devices where gone_at < now() - make_interval(days => ${KEPT_DAYS})`.execute(db);
}
