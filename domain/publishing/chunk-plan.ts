import type { ChunkPlan } from '../contracts/open-api.ts';

/** TikTok's rules of an upload: https://developers.tiktok.com/docs/en/content-posting-api-media-transfer-guide, where MB means MiB. */
export const MIB = 1024 * 1024;
export const MIN_CHUNK_BYTES = 5 * MIB;
export const MAX_CHUNK_BYTES = 64 * MIB;
export const MAX_LAST_CHUNK_BYTES = 128 * MIB;
export const MAX_CHUNKS = 1_000;
export const MAX_VIDEO_BYTES = 4 * 1024 * MIB;

/**
 * How a file of `size` bytes is uploaded: whole up to 64 MiB, else in the fewest chunks of at most 64 MiB, all of the same size but
 * for the bytes left over, which the last one takes. Equal chunks keep TikTok's rule of today (count = floor(size / chunk)) and the
 * older one (chunk = floor(size / count)), and never make the plan of one chunk that is larger than its chunk_size, which is refused.
 * @throws RangeError where size is not a whole number from 1 to 4 GiB
 */
export function planChunks(size: number): ChunkPlan {
  if (!Number.isInteger(size) || size < 1 || size > MAX_VIDEO_BYTES) throw new RangeError(`A video of ${size} bytes can not be uploaded.`);
  const count = Math.ceil(size / MAX_CHUNK_BYTES);
  return { video_size: size, chunk_size: Math.floor(size / count), total_chunk_count: count };
}

/** Positions of the first and the last byte of a chunk, both included. @throws RangeError where the plan has no such chunk */
export function chunkRange({ video_size, chunk_size, total_chunk_count }: ChunkPlan, index: number): { first: number; last: number } {
  if (!Number.isInteger(index) || index < 0 || index >= total_chunk_count) throw new RangeError(`The plan has no chunk ${index}.`);
  const first = index * chunk_size;
  return { first, last: (index === total_chunk_count - 1 ? video_size : first + chunk_size) - 1 };
}

/**
 * The chunk to go on with when TikTok says how far it is; total_chunk_count: nothing is left to send. Its documentation leaves open
 * whether that is the number of bytes or the position of the last one, so one byte less than a chunk's end is that end.
 */
export function chunkAt({ video_size, chunk_size, total_chunk_count }: ChunkPlan, uploadedBytes: number): number {
  if (uploadedBytes <= 0) return 0;
  if (uploadedBytes >= video_size - 1) return total_chunk_count;
  return Math.min(Math.floor((uploadedBytes + 1) / chunk_size), total_chunk_count - 1);
}

/** Whether TikTok would take this plan. */
export function isValidPlan({ video_size, chunk_size, total_chunk_count }: ChunkPlan): boolean {
  if (![video_size, chunk_size, total_chunk_count].every((value) => Number.isInteger(value) && value > 0)) return false;
  if (video_size > MAX_VIDEO_BYTES || total_chunk_count > MAX_CHUNKS) return false;
  if (total_chunk_count !== Math.floor(video_size / chunk_size) || chunk_size > MAX_CHUNK_BYTES) return false;
  if (total_chunk_count === 1) return chunk_size === video_size;
  return chunk_size >= MIN_CHUNK_BYTES && video_size - (total_chunk_count - 1) * chunk_size <= MAX_LAST_CHUNK_BYTES;
}
