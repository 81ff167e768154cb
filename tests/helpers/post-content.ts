import type { PostContent } from '../../domain/contracts/post.ts';

/** A video that everybody may see; what a test cares about it says itself. */
export const CONTENT: PostContent = {
  caption: 'Morning #coffee with @anna',
  description: '',
  privacy_level: 'PUBLIC_TO_EVERYONE',
  disable_comment: false,
  disable_duet: false,
  disable_stitch: false,
  cover_timestamp_ms: null,
  photo_cover_index: 0,
  auto_add_music: false,
  brand_content: false,
  brand_organic: false,
  is_aigc: false,
};
