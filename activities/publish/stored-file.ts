import type { WorkingPost } from '../../db/post-progress.repository.ts';
import type { PostFault } from '../../domain/contracts/post.ts';
import { ERRORS } from '../../domain/errors.ts';
import type { MediaStorage } from '../../media/storage.ts';

/** The post's file as its row tells. @throws Error for a post that has none */
export function fileOf(post: WorkingPost): { key: string; version: string; size: number; content_type: string } {
  const { media_key: key, media_version: version, media_size: size, media_type: content_type } = post;
  if (key === null || version === null || size === null || content_type === null) throw new Error(`The post ${post.id} has no file.`);
  return { key, version, size, content_type };
}

/** Whether the stored bytes are still those that were checked; null: they are. */
export async function fileFault(media: MediaStorage, post: WorkingPost): Promise<PostFault | null> {
  const { key, version, size } = fileOf(post);
  const stored = await media.stat(key);
  if (stored === null) return { code: 'media_missing', reason: `${ERRORS.media_missing.message} Upload it again and make a new post.` };
  if (stored.version === version && stored.size_bytes === size) return null;
  return { code: 'media_changed', reason: `${ERRORS.media_changed.message} It had ${size} bytes, now ${stored.size_bytes}. Upload it again and make a new post.` };
}
