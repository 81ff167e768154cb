import type { ChunkPlan, CreatorInfo, InitRequest } from '../contracts/open-api.ts';
import type { PostContent, PostMode } from '../contracts/post.ts';

/** What is posted, and from where TikTok gets it. */
export type InitSource =
  | { kind: 'video'; from: 'file'; plan: ChunkPlan }
  | { kind: 'video'; from: 'url'; url: string }
  /** TikTok takes pictures by URL only. */
  | { kind: 'photo'; from: 'url'; urls: readonly string[] };

export interface InitInput {
  mode: PostMode;
  content: PostContent;
  source: InitSource;
  /** Null where it was not asked for (drafts need no leave to post). */
  creator: CreatorInfo | null;
}

/**
 * The request that begins a post. What the creator has switched off in TikTok is switched off here too: TikTok does so anyway.
 * @throws RangeError where a direct post has no privacy level or is private and branded; checkContent has said so before
 * @see https://developers.tiktok.com/docs/en/content-posting-api-reference-direct-post
 * @see https://developers.tiktok.com/docs/en/content-posting-api-reference-photo-post
 */
export function toInitRequest({ mode, content, source, creator }: InitInput): InitRequest {
  if (mode === 'direct') requirePrivacy(content);
  if (source.kind === 'photo') return { route: 'photo', body: photoBody(mode, content, source.urls, creator) };
  const origin = source.from === 'file' ? { kind: 'file' as const, plan: source.plan } : { kind: 'url' as const, url: source.url };
  return mode === 'direct'
    ? { route: 'direct_video', post_info: videoPostInfo(content, creator), source: origin }
    : { route: 'inbox_video', post_info: null, source: origin };
}

function requirePrivacy({ privacy_level, brand_content }: PostContent): void {
  if (privacy_level === null) throw new RangeError('A direct post needs a privacy level.');
  if (brand_content && privacy_level === 'SELF_ONLY') throw new RangeError('Branded content can not be private.');
}

function videoPostInfo(content: PostContent, creator: CreatorInfo | null): { [key: string]: unknown } {
  return {
    ...(content.caption === '' ? {} : { title: content.caption }),
    privacy_level: content.privacy_level,
    disable_comment: content.disable_comment || (creator?.comment_disabled ?? false),
    disable_duet: content.disable_duet || (creator?.duet_disabled ?? false),
    disable_stitch: content.disable_stitch || (creator?.stitch_disabled ?? false),
    ...(content.cover_timestamp_ms === null ? {} : { video_cover_timestamp_ms: content.cover_timestamp_ms }),
    brand_content_toggle: content.brand_content,
    brand_organic_toggle: content.brand_organic,
    is_aigc: content.is_aigc,
  };
}

/** is_aigc stands beside post_info here, and duet and stitch do not exist. */
function photoBody(mode: PostMode, content: PostContent, urls: readonly string[], creator: CreatorInfo | null): { [key: string]: unknown } {
  return {
    media_type: 'PHOTO',
    post_mode: mode === 'direct' ? 'DIRECT_POST' : 'MEDIA_UPLOAD',
    is_aigc: content.is_aigc,
    post_info: {
      ...(content.caption === '' ? {} : { title: content.caption }),
      ...(content.description === '' ? {} : { description: content.description }),
      ...(mode === 'direct' ? directPhotoInfo(content, creator) : {}),
    },
    source_info: { source: 'PULL_FROM_URL', photo_images: [...urls], photo_cover_index: content.photo_cover_index },
  };
}

const directPhotoInfo = (content: PostContent, creator: CreatorInfo | null): { [key: string]: unknown } => ({
  privacy_level: content.privacy_level,
  disable_comment: content.disable_comment || (creator?.comment_disabled ?? false),
  auto_add_music: content.auto_add_music,
  brand_content_toggle: content.brand_content,
  brand_organic_toggle: content.brand_organic,
});
