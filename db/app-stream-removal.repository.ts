import { sql } from 'kysely';
import type { AccountRef } from '../domain/contracts/app-account.ts';
import type { Db } from './client.ts';

export interface RunningStream {
  stream_id: string;
  workspace_id: string;
  record: boolean;
  scheduled_for_ms: number | null;
}

export async function listRunningStreams(db: Db, { user_id, workspace_id }: AccountRef): Promise<RunningStream[]> {
  const rows = await db
    .selectFrom('streams')
    .select(['id', 'workspace_id', 'record', 'scheduled_for'])
    .where('workspace_id', '=', workspace_id)
    .where('user_id', '=', user_id)
    .where('status', 'not in', ['ended', 'ending'])
    .execute();
  return rows.map(({ id, scheduled_for, ...row }) => ({ stream_id: id, ...row, scheduled_for_ms: scheduled_for?.getTime() ?? null }));
}

/** Videos that are not being made right now. */
export const listRecordings = (db: Db, { user_id, workspace_id }: AccountRef): Promise<{ id: string }[]> =>
  db.selectFrom('vods').select('id').where('workspace_id', '=', workspace_id).where('user_id', '=', user_id).where('status', 'not in', ['receiving', 'processing']).execute();

/** They stay for their chats' and gifts' sake, and say nothing. */
export const forgetStreams = async (db: Db, { user_id, workspace_id }: AccountRef): Promise<void> => {
  await db
    .updateTable('streams')
    .set({ title: 'Deleted', description: null, thumbnail: null, visibility: 'private', featured: false, updated_at: sql<Date>`now()` })
    .where('workspace_id', '=', workspace_id)
    .where('user_id', '=', user_id)
    .execute();
};

/** Deleted accounts of whose streams a video came later. */
export async function listLateRecordings(db: Db, limit: number): Promise<AccountRef[]> {
  const { rows } = await sql<AccountRef>`
    select distinct d.user_id, d.workspace_id from account_deletions d join vods v on v.user_id = d.user_id
    where d.finished_at is not null and v.status not in ('receiving', 'processing') limit ${limit}`.execute(db);
  return rows;
}
