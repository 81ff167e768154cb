import type { Post } from '../state/posts.ts';
import { HEAD_BYTES, pictureSize } from './media-format.ts';

const MAX_VIDEO = 4 * 1_073_741_824;
const MAX_PICTURE = 20 * 1_048_576;
/** "max 1080p", and in practice the shorter side. */
const MAX_SHORT_SIDE = 1_080;

/** Reads a body without keeping it. @returns false where the server does not give the whole of it, or redirects */
async function download(url: string, maxBytes: number, signal: AbortSignal, onBytes: (bytes: Uint8Array) => void): Promise<boolean> {
  let received = 0;
  try {
    const response = await fetch(url, { redirect: 'manual', signal });
    if (response.status !== 200 || !response.body) {
      await response.body?.cancel();
      return false;
    }
    for await (const bytes of response.body as AsyncIterable<Uint8Array>) {
      received += bytes.length;
      if (received > maxBytes) return false;
      onBytes(bytes);
    }
    return received > 0;
  } catch {
    // Refused, broken off, too slow or stopped: all of them are TikTok's one reason "could not pull".
    return false;
  }
}

/** @returns the fail reason, or null */
export async function pullVideo(post: Post, signal: AbortSignal): Promise<string | null> {
  const whole = await download(post.urls[0] ?? '', MAX_VIDEO, signal, (bytes) => {
    post.downloaded_bytes += bytes.length;
    if ((post.head?.length ?? 0) < HEAD_BYTES) post.head = Buffer.concat([post.head ?? Buffer.alloc(0), bytes.subarray(0, HEAD_BYTES)]).subarray(0, HEAD_BYTES);
  });
  return whole ? null : 'video_pull_failed';
}

/** One bad picture fails them all, and TikTok does not say which. @returns the fail reason, or null */
export async function pullPhotos(post: Post, signal: AbortSignal): Promise<string | null> {
  for (const url of post.urls) {
    const parts: Uint8Array[] = [];
    const whole = await download(url, MAX_PICTURE, signal, (bytes) => {
      post.downloaded_bytes += bytes.length;
      parts.push(bytes);
    });
    if (!whole) return 'photo_pull_failed';
    const size = pictureSize(Buffer.concat(parts));
    if (!size) return 'file_format_check_failed';
    if (Math.min(size.width, size.height) > MAX_SHORT_SIDE) return 'picture_size_check_failed';
  }
  return null;
}
