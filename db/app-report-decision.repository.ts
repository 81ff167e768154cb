import { sql, type Transaction } from 'kysely';
import type { ReportMeasure } from '../domain/contracts/social.ts';
import { notifyAppUser } from './app-notification.repository.ts';
import type { AppReport, ReportState } from './app-report.repository.ts';
import { suspendAppUser } from './app-suspension.repository.ts';
import type { Db } from './client.ts';
import type { Database } from './schema.ts';
import { deleteVideoIn } from './video-life.repository.ts';

export interface ReportDecision {
  state: Exclude<ReportState, 'open'>;
  measure: ReportMeasure;
  /** What the person concerned is told; '' where nobody is. */
  reason: string;
  decided_by: string;
}

export type DecisionOutcome =
  /** There is no such report. */
  | { kind: 'unknown' }
  /** A user was reported, and a video was to be removed. */
  | { kind: 'no_video' }
  /** is_new: false: it was decided before, and stays so. user_id: who was reported, or whose video; null: not known any more. */
  | { kind: 'decided'; report: AppReport; user_id: string | null; is_new: boolean };

/** Decides a report and does what follows from it, together. Its row is locked first: of two who decide at once the later one finds it decided. */
export const decideReport = (db: Db, workspaceId: string, id: string, decision: ReportDecision): Promise<DecisionOutcome> =>
  db.transaction().execute(async (trx) => {
    const found = await trx.selectFrom('app_reports').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).forUpdate().executeTakeFirst();
    if (!found) return { kind: 'unknown' };
    if (decision.measure === 'remove_video' && found.subject_kind !== 'video') return { kind: 'no_video' };
    const user_id = await reportedUser(trx, found);
    if (found.state !== 'open') return { kind: 'decided', report: found, user_id, is_new: false };
    const { reason, ...decided } = decision;
    const report = await trx
      .updateTable('app_reports')
      .set({ ...decided, decided_at: sql<Date>`now()` })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    if (user_id !== null) await takeMeasure(trx, report, user_id, reason);
    return { kind: 'decided', report, user_id, is_new: true };
  });

async function reportedUser(trx: Transaction<Database>, { workspace_id, subject_kind, subject_id }: AppReport): Promise<string | null> {
  if (subject_kind === 'user') return subject_id;
  const video = await trx.selectFrom('videos').select('user_id').where('workspace_id', '=', workspace_id).where('id', '=', subject_id).executeTakeFirst();
  return video?.user_id ?? null;
}

/** What is removed or suspended already stays as it is, and nobody is told of it again. */
async function takeMeasure(trx: Transaction<Database>, { id, workspace_id, subject_id, measure }: AppReport, user_id: string, reason: string): Promise<void> {
  if (measure === 'suspend_user') await suspendAppUser(trx, { workspace_id, user_id, reason });
  if (measure !== 'remove_video' || !(await deleteVideoIn(trx, { workspace_id, user_id, id: subject_id }))) return;
  // Its subject, not its video: what is about a deleted video is not shown.
  const about = { subject_id, dedupe_key: `report:${id}` };
  await notifyAppUser(trx, { workspace_id, user_id, sender_id: null, kind: 'system', text: `Your video was removed: ${reason}`, ...about });
}
