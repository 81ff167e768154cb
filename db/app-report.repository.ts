import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { NewRow, Row } from './schema.ts';

export type AppReport = Row<'app_reports'>;

/** One that the same person has open on the same thing stays as it is, and is given back. */
export async function insertReport(db: Db, draft: Pick<NewRow<'app_reports'>, 'workspace_id' | 'reporter_id' | 'subject_kind' | 'subject_id' | 'reason' | 'description'>): Promise<AppReport> {
  const insert = () =>
    db
      .insertInto('app_reports')
      .values({ id: newId(), ...draft, decided_by: null, decided_at: null })
      .onConflict((conflict) => conflict.columns(['reporter_id', 'subject_kind', 'subject_id']).where('state', '=', 'open').doNothing())
      .returningAll()
      .executeTakeFirst();
  const find = () =>
    db
      .selectFrom('app_reports')
      .selectAll()
      .where('reporter_id', '=', draft.reporter_id)
      .where('subject_kind', '=', draft.subject_kind)
      .where('subject_id', '=', draft.subject_id)
      .where('state', '=', 'open')
      .executeTakeFirst();
  // Decided between the two: then it can be made.
  for (;;) {
    const report = (await insert()) ?? (await find());
    if (report) return report;
  }
}

export type ReportState = AppReport['state'];

/** Newest first: one more than `limit`. */
export const listReports = (db: Db, workspaceId: string, { limit, before, state }: { limit: number; before?: string; state?: ReportState }): Promise<AppReport[]> =>
  db
    .selectFrom('app_reports')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .$if(state !== undefined, (query) => query.where('state', '=', state!))
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
