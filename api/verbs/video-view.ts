import type { VideoCard } from '../../db/video-read.repository.ts';
import type { Row } from '../../db/schema.ts';
import type { ApiConfig } from '../deps.ts';
import { issuePlayToken } from '../play-token.ts';
import { flagOf, textOf, timeOf, userView } from './views.ts';

/** `{ Video, User, Sound }` of the contract. What is not for everybody has a token in its URLs, which lasts for a while. */
export async function videoView({ video, author, sound, liked, relationship }: VideoCard, config: ApiConfig) {
  const isOpen = video.privacy === 'public' && !author.is_private;
  const token = isOpen ? '' : `?token=${(await issuePlayToken(video.id, config)).token}`;
  const files = `${config.publicUrl}/app-media/videos/${video.id}`;
  const isReady = video.status === 'ready';
  return {
    Video: {
      id: video.id,
      user_id: video.user_id,
      description: video.description,
      video: isReady ? `${files}/master.m3u8${token}` : '',
      thum: isReady ? `${files}/thumbnail.jpg${token}` : '',
      sound_id: textOf(video.sound_id),
      view: textOf(video.views),
      like_count: textOf(video.likes),
      comment_count: textOf(video.comments),
      share_count: textOf(video.shares),
      duration: secondsOf(video.duration_ms),
      width: textOf(video.width),
      height: textOf(video.height),
      privacy_type: video.privacy,
      allow_comments: flagOf(video.allow_comments),
      allow_duet: flagOf(video.allow_duet),
      like: flagOf(liked),
      status: video.status,
      status_reason: textOf(video.status_reason),
      created: timeOf(video.created_at),
    },
    User: userView(author, relationship),
    Sound: sound && soundView(sound, config),
  };
}

export const videoViews = (cards: readonly VideoCard[], config: ApiConfig) => Promise.all(cards.map((card) => videoView(card, config)));

/** `Sound` of the contract; audio is '' while it is taken out of its video. */
export const soundView = (sound: Row<'sounds'>, config: ApiConfig) => ({
  id: sound.id,
  name: sound.name,
  audio: sound.audio_key === null ? '' : `${config.publicUrl}/app-media/sounds/${sound.id}/audio.m4a`,
  duration: secondsOf(sound.duration_ms),
  video_count: textOf(sound.videos),
  user_id: textOf(sound.created_by),
  created: timeOf(sound.created_at),
});

/** Such apps count in whole seconds. */
const secondsOf = (ms: number | null): string => (ms === null || ms === 0 ? '' : textOf(Math.max(1, Math.round(ms / 1_000))));
