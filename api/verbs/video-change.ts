import { z } from 'zod';
import { deleteVideo } from '../../db/video-life.repository.ts';
import { ApiError } from '../errors.ts';
import { id } from './fields.ts';
import { seenOrOwnVideo } from './seen-video.ts';
import { defineVerb } from './verb.ts';
import { EXAMPLE_AUTHOR, EXAMPLE_SOUND, EXAMPLE_VIDEO } from './video-examples.ts';
import { videoView } from './video-view.ts';

const showVideoDetail = defineVerb({
  name: 'showVideoDetail',
  summary: 'A video with its author and its sound',
  description: 'One’s own also while it is processing (`status`), or where that failed (`status_reason`). `Sound` is null where the video has none.',
  access: 'optional',
  input: z.object({ video_id: id }),
  turns_per_minute: 240,
  example: { request: { video_id: EXAMPLE_VIDEO.id }, msg: { Video: EXAMPLE_VIDEO, User: EXAMPLE_AUTHOR, Sound: EXAMPLE_SOUND } },
  run: async (call, { video_id }) => videoView(await seenOrOwnVideo(call, video_id), call.deps.config),
});

const removeVideo = defineVerb({
  name: 'deleteVideo',
  summary: 'Delete a video of one’s own',
  description: 'It is out of sight at once, and out of all counts; its files follow within minutes.',
  access: 'user',
  input: z.object({ video_id: id }),
  turns_per_minute: 30,
  example: { request: { video_id: EXAMPLE_VIDEO.id }, msg: { Video: { id: EXAMPLE_VIDEO.id } } },
  async run({ deps: { db }, workspace_id, user }, { video_id }) {
    if (!(await deleteVideo(db, { workspace_id, user_id: user.id, id: video_id }))) throw new ApiError('video_gone');
    return { Video: { id: video_id } };
  },
});

export const videoChangeVerbs = [showVideoDetail, removeVideo];
