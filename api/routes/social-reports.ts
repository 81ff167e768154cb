import { z } from '@hono/zod-openapi';
import { decideReport } from '../../db/app-report-decision.repository.ts';
import { listReports, type AppReport } from '../../db/app-report.repository.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { endSuspendedStreams } from '../end-suspended-streams.ts';
import { ApiError, fieldError } from '../errors.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { reportDecision, reportMeasure } from '../schemas/moderation.ts';
import { uuid } from '../schemas/uuid.ts';

const tags = ['Social app'];

const state = z.enum(['open', 'dismissed', 'upheld']);

const reportSchema = z
  .object({
    id: z.uuid(),
    reporter_id: z.uuid(),
    subject_kind: z.enum(['user', 'video']),
    subject_id: z.uuid().openapi({ description: 'The user, or the video, that was reported.' }),
    reason: z.string().openapi({ example: 'spam' }),
    description: z.string(),
    state: state.openapi({ example: 'open' }),
    measure: reportMeasure,
    decided_by: z.uuid().nullable(),
    decided_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
  })
  .openapi('SocialReport');

const list = apiRoute({
  method: 'get',
  path: '/social/reports',
  access: 'social.view',
  tags,
  summary: 'What users of the app have reported, newest first',
  request: { query: pageQuery.extend({ state: state.optional().openapi({ description: 'Absent: all.' }) }) },
  responses: { 200: jsonAnswer(pageSchema(reportSchema), 'One page.') },
});

const decide = apiRoute({
  method: 'post',
  path: '/social/reports/{id}/decide',
  access: 'social.manage',
  tags,
  summary: 'Decide a report, and do what follows from it',
  description: 'Both are done together. A decision stands with its measure: the same again changes nothing, another one is a conflict.',
  request: {
    params: z.object({ id: uuid().openapi({ param: { name: 'id', in: 'path' } }) }),
    body: jsonBodyOf(reportDecision),
  },
  responses: { 200: jsonAnswer(reportSchema, 'The report as it is now.') },
});

const toReport = ({ created_at, decided_at, workspace_id: _, ...row }: AppReport): z.infer<typeof reportSchema> => ({
  ...row,
  decided_at: decided_at?.toISOString() ?? null,
  created_at: created_at.toISOString(),
});

/** The app's moderators. */
export const socialReportRoutes = (deps: ApiDeps): Router =>
  createRouter()
    .openapi(list, async (c) => {
      const { limit, cursor, state: wanted } = c.req.valid('query');
      const rows = await listReports(deps.db, c.get('workspace').id, { limit, before: idBefore(cursor), state: wanted });
      return c.json(toIdPage(rows, limit, toReport), 200);
    })
    .openapi(decide, async (c) => {
      const { decision, measure, reason = '' } = c.req.valid('json');
      const workspace_id = c.get('workspace').id;
      const decided = await decideReport(deps.db, workspace_id, c.req.valid('param').id, { state: decision, measure, reason, decided_by: c.get('userId') });
      if (decided.kind === 'unknown') throw new ApiError('not_found');
      if (decided.kind === 'no_video') throw fieldError('measure', 'remove_video is for reports of a video');
      const { report, user_id, is_new } = decided;
      if (report.state !== decision || report.measure !== measure) throw new ApiError('conflict', { detail: `it was ${report.state} before, with the measure ${report.measure}` });
      if (is_new) c.get('log').info({ report_id: report.id, decision, measure, app_user_id: user_id, video_id: report.subject_kind === 'video' ? report.subject_id : null }, 'a report was decided');
      if (measure === 'suspend_user' && user_id !== null) await endSuspendedStreams(deps, { workspace_id, user_id }, { user_id: c.get('userId'), request_id: c.get('requestId') });
      return c.json(toReport(report), 200);
    });
