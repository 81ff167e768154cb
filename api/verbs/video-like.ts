import { z } from 'zod';
import { notifyAppUser } from '../../db/app-notification.repository.ts';
import { setVideoLike } from '../../db/video-like.repository.ts';
import { countShare } from '../../db/video-view-count.repository.ts';
import { ApiError } from '../errors.ts';
import { flag, id } from './fields.ts';
import { seenVideo } from './seen-video.ts';
import { defineVerb } from './verb.ts';
import { EXAMPLE_VIDEO } from './video-examples.ts';
import { flagOf, textOf } from './views.ts';

const likeVideo = defineVerb({
  name: 'likeVideo',
  summary: 'Like a video, or take that back',
  description: '`like` is 1 or 0, and 1 where it is absent. The same again changes nothing. Its author is told once, however often it changes.',
  access: 'user',
  input: z.object({ video_id: id, like: flag.default(true) }),
  turns_per_minute: 120,
  example: { request: { video_id: EXAMPLE_VIDEO.id, like: '1' }, msg: { Video: { id: EXAMPLE_VIDEO.id, like: '1', like_count: '57' } } },
  async run(call, { video_id, like }) {
    const { db } = call.deps;
    const { user, workspace_id } = call;
    const { video } = await seenVideo(call, video_id);
    const answer = await setVideoLike(db, { video_id, user_id: user.id, liked: like });
    if (!answer) throw new ApiError('video_gone');
    // Behind the like: NOTIFY would have likes of all videos wait for one another. A process that dies in between is made up for by the app's repeat.
    if (like) {
      const text = `${user.username} liked your video.`;
      await notifyAppUser(db, { workspace_id, user_id: video.user_id, sender_id: user.id, kind: 'like', text, video_id, dedupe_key: `like:${video_id}:${user.id}` });
    }
    return { Video: { id: video_id, like: flagOf(like), like_count: textOf(answer.likes) } };
  },
});

const shareVideo = defineVerb({
  name: 'shareVideo',
  summary: 'Count that a video was shared',
  access: 'user',
  input: z.object({ video_id: id }),
  turns_per_minute: 30,
  example: { request: { video_id: EXAMPLE_VIDEO.id }, msg: { Video: { id: EXAMPLE_VIDEO.id, share_count: '3' } } },
  async run(call, { video_id }) {
    await seenVideo(call, video_id);
    const shares = await countShare(call.deps.db, video_id);
    if (shares === null) throw new ApiError('video_gone');
    return { Video: { id: video_id, share_count: textOf(shares) } };
  },
});

export const videoLikeVerbs = [likeVideo, shareVideo];
