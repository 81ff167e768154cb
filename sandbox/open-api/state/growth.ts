import { hashOf } from '../../catalogue/random.ts';

export interface VideoStats {
  view_count: number;
  like_count: number;
  comment_count: number;
  share_count: number;
}

const MINUTE_S = 60;
const HOURS_6_S = 6 * 3_600;

/**
 * What a video has gathered at an age: quickly in its first minutes, then ever slower; never falling, and the same for the same id.
 * @param ageS seconds since it was posted
 */
export function statsAt(videoId: string, followers: number, ageS: number): VideoStats {
  const luck = (hashOf(videoId) % 1_000) / 1_000;
  const age = Math.max(0, ageS);
  const first = (40 + followers * 0.02) * (0.5 + luck);
  const later = (500 + followers * 0.6) * luck * luck * 2;
  const views = Math.floor(first * (1 - Math.exp(-age / MINUTE_S)) + later * (1 - Math.exp(-age / HOURS_6_S)));
  const likes = Math.floor(views * (0.04 + luck * 0.08));
  return { view_count: views, like_count: likes, comment_count: Math.floor(likes / 12), share_count: Math.floor(likes / 30) };
}
