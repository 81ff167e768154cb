import type { CreatorInfo } from '../contracts/open-api.ts';
import { PRIVACY_LEVELS, type PostContent, type PostFault, type PostKind, type PostMode } from '../contracts/post.ts';

/** Lengths in UTF-16 units, as TikTok counts and as `string.length` does. */
export const MAX_VIDEO_CAPTION = 2_200;
export const MAX_PHOTO_TITLE = 90;
export const MAX_PHOTO_DESCRIPTION = 4_000;
export const MAX_PHOTOS = 35;
const MAX_INT32 = 2_147_483_647;

export interface ContentFault {
  field: keyof PostContent;
  message: string;
}

/**
 * What is wrong with a post's content, whatever TikTok allows its creator; empty: nothing.
 * disable_duet and disable_stitch mean nothing for photos, and what TikTok does not take for drafts of videos (caption, cover,
 * disable_*) its owner sets in the app; but a disclosure that would be lost on the way is a fault.
 * @param photoCount number of pictures, where it is known
 */
export function checkContent(content: PostContent, kind: PostKind, mode: PostMode, photoCount: number = MAX_PHOTOS): ContentFault[] {
  return [
    ...textFaults(content, kind),
    ...privacyFaults(content, mode),
    ...disclosureFaults(content, kind, mode),
    ...(kind === 'video' ? videoFaults(content) : photoFaults(content, photoCount)),
  ];
}

function textFaults({ caption, description }: PostContent, kind: PostKind): ContentFault[] {
  const faults: ContentFault[] = [];
  const maxCaption = kind === 'video' ? MAX_VIDEO_CAPTION : MAX_PHOTO_TITLE;
  if (caption.length > maxCaption) {
    const what = kind === 'video' ? 'A caption' : 'The title of a photo post';
    faults.push({ field: 'caption', message: `${what} has at most ${maxCaption} characters (UTF-16 units); this one has ${caption.length}.` });
  }
  if (kind === 'video' && description !== '') faults.push({ field: 'description', message: 'Only photo posts have a description: put the text into the caption.' });
  if (description.length > MAX_PHOTO_DESCRIPTION)
    faults.push({ field: 'description', message: `A description has at most ${MAX_PHOTO_DESCRIPTION} characters (UTF-16 units); this one has ${description.length}.` });
  for (const field of ['caption', 'description'] as const)
    if (isBroken(field === 'caption' ? caption : description)) faults.push({ field, message: 'The text holds half a character or a NUL, which is no text.' });
  return faults;
}

/** Half of a surrogate pair, or NUL: neither PostgreSQL nor TikTok stores them. */
const isBroken = (text: string): boolean => text.includes('\0') || /\p{Surrogate}/u.test(text);

function privacyFaults({ privacy_level: level, brand_content }: PostContent, mode: PostMode): ContentFault[] {
  if (mode === 'inbox')
    return level === null ? [] : [{ field: 'privacy_level', message: 'A draft has no privacy level: its owner chooses it in the TikTok app. Send null.' }];
  if (level === null) return [{ field: 'privacy_level', message: `A direct post needs one of ${PRIVACY_LEVELS.join(', ')}: see creator-info for those that TikTok offers.` }];
  if (brand_content && level === 'SELF_ONLY')
    return [{ field: 'privacy_level', message: 'Branded content can not be private: choose another privacy level or switch brand_content off.' }];
  return [];
}

function disclosureFaults(content: PostContent, kind: PostKind, mode: PostMode): ContentFault[] {
  if (mode === 'direct') return [];
  const lost = kind === 'video' ? (['brand_content', 'brand_organic', 'is_aigc'] as const) : (['brand_content', 'brand_organic'] as const);
  return lost
    .filter((field) => content[field])
    .map((field) => ({ field, message: 'TikTok takes no such label for a draft: its owner sets it in the TikTok app. Send false.' }));
}

function videoFaults({ cover_timestamp_ms: cover, photo_cover_index, auto_add_music }: PostContent): ContentFault[] {
  const faults: ContentFault[] = [];
  if (cover !== null && !isIndex(cover, MAX_INT32)) faults.push({ field: 'cover_timestamp_ms', message: 'The cover is a whole number of milliseconds from the start of the video.' });
  if (photo_cover_index !== 0) faults.push({ field: 'photo_cover_index', message: 'Only photo posts have a cover by number: use cover_timestamp_ms.' });
  if (auto_add_music) faults.push({ field: 'auto_add_music', message: 'TikTok adds music to photo posts only.' });
  return faults;
}

function photoFaults({ cover_timestamp_ms, photo_cover_index: index }: PostContent, photoCount: number): ContentFault[] {
  const faults: ContentFault[] = [];
  if (cover_timestamp_ms !== null) faults.push({ field: 'cover_timestamp_ms', message: 'Only videos have a cover by time: use photo_cover_index.' });
  if (!isIndex(index, Math.min(photoCount, MAX_PHOTOS) - 1))
    faults.push({ field: 'photo_cover_index', message: `The cover is one of the pictures, counted from 0 to ${Math.min(photoCount, MAX_PHOTOS) - 1}.` });
  return faults;
}

const isIndex = (value: number, max: number): boolean => Number.isInteger(value) && value >= 0 && value <= max;

/**
 * Whether TikTok allows this creator this direct post, by fresh creator info; null: it does.
 * @param durationMs of the video; null: not known, or photos
 */
export function checkAgainstCreator(content: PostContent, creator: CreatorInfo, durationMs: number | null): PostFault | null {
  const { privacy_level: level, cover_timestamp_ms: cover } = content;
  if (level !== null && !creator.privacy_level_options.includes(level)) {
    const offered = creator.privacy_level_options.join(', ') || 'none';
    return { code: 'tiktok_privacy_mismatch', reason: `TikTok does not offer ${creator.nickname} the privacy level ${level}. Offered now: ${offered}. Edit the post and choose one of them.` };
  }
  if (durationMs === null) return null;
  const maxSeconds = creator.max_video_post_duration_s;
  if (durationMs > maxSeconds * 1_000)
    return { code: 'media_too_long', reason: `The video lasts ${seconds(durationMs)} s, and TikTok allows ${creator.nickname} ${maxSeconds} s: shorten it.` };
  if (cover !== null && cover > durationMs)
    return { code: 'validation_failed', reason: `The cover is at ${seconds(cover)} s, but the video lasts ${seconds(durationMs)} s only: choose an earlier cover_timestamp_ms.` };
  return null;
}

const seconds = (ms: number): string => String(Math.round(ms / 100) / 10);
