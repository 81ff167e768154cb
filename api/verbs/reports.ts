import { z } from 'zod';
import { insertReport, type AppReport } from '../../db/app-report.repository.ts';
import { readVideo } from '../../db/video-read.repository.ts';
import { ApiError, fieldError } from '../errors.ts';
import { id, neededText, text } from './fields.ts';
import { EXAMPLE_USER_ID } from './people-examples.ts';
import { requirePerson } from './person.ts';
import { timeOf } from './views.ts';
import { defineVerb, type Verb } from './verb.ts';

/** `Report` of the contract. */
const reportView = ({ id: reportId, subject_kind, subject_id, reason, description, state, created_at }: AppReport) => ({
  id: reportId,
  subject: subject_kind,
  subject_id,
  reason,
  description,
  state,
  created: timeOf(created_at),
});

const EXAMPLE_VIDEO_ID = '0190a1b2-0000-7000-8000-0000000000f1';
const EXAMPLE_REPORT = { id: '0190a1b2-0000-7000-8000-0000000000b1', subject: 'user', subject_id: EXAMPLE_USER_ID, reason: 'spam', description: 'The same link under every video', state: 'open', created: '2026-03-14 18:00:00' };

const words = { reason: neededText(100), description: text(1_000).optional().default('') };
const DESCRIPTION = 'Goes to the app’s moderators. While one’s report is open, reporting the same again gives that one.';

const reportUser = defineVerb({
  name: 'reportUser',
  summary: 'Reports a user to the moderators',
  description: DESCRIPTION,
  access: 'user',
  input: z.object({ user_id: id, ...words }),
  turns_per_minute: 20,
  example: { request: { user_id: EXAMPLE_USER_ID, reason: 'spam', description: 'The same link under every video' }, msg: { Report: EXAMPLE_REPORT } },
  async run({ deps: { db }, workspace_id, user }, { user_id, ...said }) {
    if (user_id === user.id) throw fieldError('user_id', 'is you');
    // Who blocked me, or whom I blocked, may be reported: that is often why.
    const person = await requirePerson(db, { workspace_id, viewer_id: null }, { user_id });
    return { Report: reportView(await insertReport(db, { workspace_id, reporter_id: user.id, subject_kind: 'user', subject_id: person.user.id, ...said })) };
  },
});

const reportVideo = defineVerb({
  name: 'reportVideo',
  summary: 'Reports a video to the moderators',
  description: DESCRIPTION,
  access: 'user',
  input: z.object({ video_id: id, ...words }),
  turns_per_minute: 20,
  example: {
    request: { video_id: EXAMPLE_VIDEO_ID, reason: 'violence' },
    msg: { Report: { ...EXAMPLE_REPORT, subject: 'video', subject_id: EXAMPLE_VIDEO_ID, reason: 'violence', description: '' } },
  },
  async run({ deps: { db }, workspace_id, user }, { video_id, ...said }) {
    const seen = await readVideo(db, { workspace_id, viewer_id: user.id, id: video_id });
    if (!seen) throw new ApiError('video_gone');
    if (seen.video.user_id === user.id) throw fieldError('video_id', 'is yours');
    return { Report: reportView(await insertReport(db, { workspace_id, reporter_id: user.id, subject_kind: 'video', subject_id: video_id, ...said })) };
  },
});

export const reportVerbs: readonly Verb[] = [reportUser, reportVideo];
