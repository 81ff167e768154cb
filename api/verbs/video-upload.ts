import { z } from 'zod';
import type { AppUser } from '../../db/app-user.repository.ts';
import { readVideo } from '../../db/video-read.repository.ts';
import { ApiError } from '../errors.ts';
import { receiveVideo, uploadFields } from '../video-intake.ts';
import { defineVerb } from './verb.ts';
import { EXAMPLE_AUTHOR, EXAMPLE_VIDEO } from './video-examples.ts';
import { videoView } from './video-view.ts';

export const uploadVideo = defineVerb({
  name: 'uploadVideo',
  summary: 'Upload a video',
  description: [
    'multipart/form-data with the file as part `video` (or `file`) and the other fields in any order, before it or behind it; but `auth_token`, where no header has it, must come before the file, so that a stranger’s file is not taken in.',
    'It is then made ready to play, which takes about as long as it plays: until then `status` is processing and only its author sees it (showVideoDetail); failed says why in `status_reason`.',
    'Where the connection breaks nothing is kept: send it again.',
  ].join(' '),
  access: 'user',
  readsBody: true,
  input: uploadFields.extend({ auth_token: z.string().optional(), video: z.string().describe('The file.') }),
  turns_per_minute: 10,
  example: {
    request: { auth_token: '(token)', description: EXAMPLE_VIDEO.description, privacy_type: 'public', allow_comments: '1', allow_duet: '1', video: '(the bytes of the video)' },
    msg: {
      Video: { ...EXAMPLE_VIDEO, video: '', thum: '', sound_id: '', view: '0', like_count: '0', comment_count: '0', share_count: '0', duration: '', width: '', height: '', status: 'processing' },
      User: { ...EXAMPLE_AUTHOR, button: '' },
      Sound: null,
    },
  },
  async run({ deps, workspace_id, user, signIn, request_id, log, c }) {
    // The router lets a caller in whose token is still to come.
    const known = user as AppUser | null;
    const { id, user_id } = await receiveVideo(deps, c, { workspace_id, request_id, log, sender: (token) => (known ? Promise.resolve(known) : signIn(token)) });
    const card = await readVideo(deps.db, { workspace_id, viewer_id: user_id, id, with_own_unready: true });
    if (!card) throw new ApiError('video_gone');
    return videoView(card, deps.config);
  },
});
