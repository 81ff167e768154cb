import { sql, type Transaction } from 'kysely';
import type { LivestreamStatus, TikTokInput } from '../domain/contracts/livestream.ts';
import { ACTIVE_STATUSES } from '../domain/contracts/livestream.ts';
import { AppError } from '../domain/errors.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import { lockPlan } from './plan-limit.ts';
import type { Database, Row } from './schema.ts';

export type LivestreamRow = Row<'livestreams'>;

export interface LivestreamDraft {
  workspace_id: string;
  /** As the person typed it. */
  tiktok_input: string;
  parsed: TikTokInput;
  wait_for_live: boolean;
  /** Sealed. */
  session_cookie: string | null;
  created_by: string;
}

export type OpenedLivestream =
  | { kind: 'created'; livestream: LivestreamRow }
  /** The same room has a session in this workspace already. */
  | { kind: 'existing'; livestream: LivestreamRow };

/** A consumer may learn a room's name or id between our look and our insert, but not again and again. */
const LOOKS = 3;

/**
 * Makes a livestream in status connecting, or gives the one that runs for the same room.
 * @throws AppError plan_limit when the plan allows no further one; not_found for an unknown workspace
 */
export async function openLivestream(db: Db, draft: LivestreamDraft): Promise<OpenedLivestream> {
  return db.transaction().execute(async (trx) => {
    const limits = await lockPlan(trx, draft.workspace_id);
    for (let look = 0; look < LOOKS; look++) {
      const running = await findRunning(trx, draft);
      if (running) return { kind: 'existing', livestream: running };
      if ((await countActiveLivestreams(trx, draft.workspace_id)) >= limits.simultaneous_livestreams) {
        throw new AppError('plan_limit', `${limits.simultaneous_livestreams} simultaneous livestreams`);
      }
      const livestream = await insertConnecting(trx, draft);
      if (livestream) return { kind: 'created', livestream };
    }
    throw new AppError('conflict');
  });
}

async function findRunning(
  trx: Transaction<Database>,
  { workspace_id, tiktok_input, parsed }: LivestreamDraft,
): Promise<LivestreamRow | undefined> {
  const running = trx.selectFrom('livestreams').selectAll().where('workspace_id', '=', workspace_id).where('status', 'in', ACTIVE_STATUSES);
  switch (parsed.kind) {
    case 'username':
      return running.where('tiktok_username', '=', parsed.username).executeTakeFirst();
    case 'room_id':
      return running.where('room_id', '=', parsed.room_id).executeTakeFirst();
    case 'short_link':
      // Where it leads is known to the consumer only; it ends the second session of a room as duplicate_session.
      return running.where('tiktok_input', '=', tiktok_input).executeTakeFirst();
  }
}

function insertConnecting(trx: Transaction<Database>, draft: LivestreamDraft): Promise<LivestreamRow | undefined> {
  return trx
    .insertInto('livestreams')
    .values({
      id: newId(),
      workspace_id: draft.workspace_id,
      tiktok_input: draft.tiktok_input,
      tiktok_username: draft.parsed.kind === 'username' ? draft.parsed.username : null,
      room_id: draft.parsed.kind === 'room_id' ? draft.parsed.room_id : null,
      status: 'connecting',
      wait_for_live: draft.wait_for_live,
      session_cookie: draft.session_cookie,
      created_by: draft.created_by,
      updated_at: sql<Date>`now()`,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
}

export async function countActiveLivestreams(db: Db, workspaceId: string): Promise<number> {
  const { count } = await db
    .selectFrom('livestreams')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('workspace_id', '=', workspaceId)
    .where('status', 'in', ACTIVE_STATUSES)
    .executeTakeFirstOrThrow();
  return count;
}

export function findLivestream(db: Db, workspaceId: string, id: string): Promise<LivestreamRow | undefined> {
  return db.selectFrom('livestreams').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).executeTakeFirst();
}

export interface LivestreamQuery {
  workspace_id: string;
  status?: readonly LivestreamStatus[];
  /** Only those made before this id. */
  before?: string;
  limit: number;
}

/** Newest first. */
export function listLivestreams(db: Db, { workspace_id, status, before, limit }: LivestreamQuery): Promise<LivestreamRow[]> {
  return db
    .selectFrom('livestreams')
    .selectAll()
    .where('workspace_id', '=', workspace_id)
    .$if(status !== undefined, (query) => query.where('status', 'in', status ?? []))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

/** Which of these livestreams are the workspace's. */
export async function ownLivestreams(db: Db, workspaceId: string, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db.selectFrom('livestreams').select('id').where('workspace_id', '=', workspaceId).where('id', 'in', ids).execute();
  return new Set(rows.map(({ id }) => id));
}
