import { z } from 'zod';
import { countView, readVideoDays, type VideoDay } from '../../db/video-view-count.repository.ts';
import { countedWatch, MAX_LOOPS } from '../../domain/social/video.ts';
import { ApiError } from '../errors.ts';
import { id, requestId, whole } from './fields.ts';
import { seenVideo } from './seen-video.ts';
import { defineVerb } from './verb.ts';
import { EXAMPLE_VIDEO } from './video-examples.ts';
import { textOf } from './views.ts';

const DAY_MS = 86_400_000;
const MOST_DAYS = 90;
const USUAL_DAYS = 28;

const watchVideo = defineVerb({
  name: 'watchVideo',
  summary: 'Tell that, and how long, a video was watched',
  description: `\`view_id\` is the app’s own id of this one time of watching: told again it counts no second view, and \`watch_ms\` (all of it so far) may only grow. At most ${MAX_LOOPS} times the video’s length counts.`,
  access: 'optional',
  input: z.object({ video_id: id, view_id: requestId, watch_ms: whole(0, DAY_MS).default(0) }),
  turns_per_minute: 240,
  example: { request: { video_id: EXAMPLE_VIDEO.id, view_id: '7f3c2a10-view-1', watch_ms: '4200' }, msg: { Video: { id: EXAMPLE_VIDEO.id, view: '1025' } } },
  async run(call, { video_id, view_id, watch_ms }) {
    const { video } = await seenVideo(call, video_id);
    const counted = countedWatch(watch_ms, video.duration_ms ?? 0);
    const views = await countView(call.deps.db, { video_id, view_id, user_id: call.user?.id ?? null, watch_ms: counted });
    if (views === null) throw new ApiError('video_gone');
    return { Video: { id: video_id, view: textOf(views) } };
  },
});

const EXAMPLE_FIGURES = { view: '12', watch_ms: '48000', like_count: '3', comment_count: '1', share_count: '0' };

const showVideoAnalytics = defineVerb({
  name: 'showVideoAnalytics',
  summary: 'How a video of one’s own does, in all and by day',
  description: `Days are UTC’s, oldest first, up to today: \`days\` of them (1 to ${MOST_DAYS}, ${USUAL_DAYS} where absent). A like or comment counts on the day on which it was given, as long as it is there; a view on the day on which it began.`,
  access: 'user',
  input: z.object({ video_id: id, days: whole(1, MOST_DAYS).default(USUAL_DAYS) }),
  turns_per_minute: 60,
  example: {
    request: { video_id: EXAMPLE_VIDEO.id, days: '1' },
    msg: { Video: { id: EXAMPLE_VIDEO.id }, Totals: { ...EXAMPLE_FIGURES, average_watch_ms: '4000' }, Days: [{ day: '2026-03-14', ...EXAMPLE_FIGURES }] },
  },
  async run(call, { video_id, days }) {
    const { video } = await seenVideo(call, video_id);
    if (video.user_id !== call.user.id) throw new ApiError('video_gone');
    const average = video.views === 0 ? 0 : Math.round(video.watch_ms / video.views);
    return {
      Video: { id: video.id },
      Totals: { ...figuresOf(video), average_watch_ms: textOf(average) },
      Days: (await readVideoDays(call.deps.db, video.id, days)).map((each) => ({ day: each.day, ...figuresOf(each) })),
    };
  },
});

const figuresOf = ({ views, watch_ms, likes, comments, shares }: Omit<VideoDay, 'day'>) => ({
  view: textOf(views),
  watch_ms: textOf(watch_ms),
  like_count: textOf(likes),
  comment_count: textOf(comments),
  share_count: textOf(shares),
});

export const watchingVerbs = [watchVideo, showVideoAnalytics];
