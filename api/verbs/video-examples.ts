import { EXAMPLE_USER, EXAMPLE_USER_ID } from './people-examples.ts';
import type { videoView } from './video-view.ts';

type Card = Awaited<ReturnType<typeof videoView>>;

/** For docs and the contract test: one video, with who made it and what is heard in it. */
const VIDEO_ID = '0190a1b2-0000-7000-8000-0000000000e1';
const AUTHOR_ID = EXAMPLE_USER_ID;
const SOUND_ID = '0190a1b2-0000-7000-8000-0000000000f1';
const FILES = 'https://app.example.com/app-media';

export const EXAMPLE_AUTHOR = { ...EXAMPLE_USER, button: 'follow' };

export const EXAMPLE_VIDEO: Card['Video'] = {
  id: VIDEO_ID,
  user_id: AUTHOR_ID,
  description: 'My new lamp #diy @bob',
  video: `${FILES}/videos/${VIDEO_ID}/master.m3u8`,
  thum: `${FILES}/videos/${VIDEO_ID}/thumbnail.jpg`,
  sound_id: SOUND_ID,
  view: '1024',
  like_count: '56',
  comment_count: '3',
  share_count: '2',
  duration: '15',
  width: '720',
  height: '1280',
  privacy_type: 'public',
  allow_comments: '1',
  allow_duet: '1',
  like: '0',
  status: 'ready',
  status_reason: '',
  created: '2026-03-14 18:00:00',
};

export const EXAMPLE_SOUND = {
  id: SOUND_ID,
  name: 'original sound - ada',
  audio: `${FILES}/sounds/${SOUND_ID}/audio.m4a`,
  duration: '15',
  video_count: '7',
  user_id: AUTHOR_ID,
  created: '2026-03-14 18:00:00',
};

/** What every list of videos has for each. */
export const EXAMPLE_CARD: Card = { Video: EXAMPLE_VIDEO, User: EXAMPLE_AUTHOR, Sound: EXAMPLE_SOUND };

export const EXAMPLE_COMMENT = {
  id: '0190a1b2-0000-7000-8000-0000000000aa',
  video_id: VIDEO_ID,
  user_id: AUTHOR_ID,
  parent_id: '',
  comment: 'Which bulb is that, @bob?',
  like_count: '4',
  like: '1',
  reply_count: '2',
  created: '2026-03-14 18:05:00',
};
