/** https://developers.tiktok.com/docs/en/content-posting-api-media-transfer-guide: its MB are MiB. */
const MIB = 1_048_576;
const MIN_CHUNK = 5 * MIB;
const MAX_CHUNK = 64 * MIB;
const MAX_VIDEO = 4_096 * MIB;
const MAX_CHUNKS = 1_000;

export interface Plan {
  video_size: number;
  chunk_size: number;
  total_chunk_count: number;
}

/** @returns what is wrong with a plan, in the server's words, or null */
export function planFault({ video_size, chunk_size, total_chunk_count }: Plan): string | null {
  if (video_size < 1 || video_size > MAX_VIDEO) return 'The video size is invalid';
  const chunkFits = chunk_size <= MAX_CHUNK && chunk_size <= video_size && (chunk_size >= MIN_CHUNK || chunk_size === video_size);
  if (!chunkFits || chunk_size < 1) return 'The chunk size is invalid';
  if (total_chunk_count !== Math.floor(video_size / chunk_size) || total_chunk_count > MAX_CHUNKS) return 'The total chunk count is invalid';
  if (total_chunk_count === 1 && chunk_size !== video_size) return 'The chunk size is invalid';
  return null;
}

export interface Range {
  first: number;
  last: number;
  total: number;
}

/** `bytes {first}-{last}/{total}`, positions included. @returns null where it is not that */
export function readContentRange(header: string | undefined): Range | null {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header ?? '');
  if (!match) return null;
  const [first, last, total] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return first <= last && last < total ? { first, last, total } : null;
}

/** Where the chunk that begins at a byte ends; the last one takes the remainder. */
export function lastByteOf(first: number, { size, chunk_size, chunk_count }: { size: number; chunk_size: number; chunk_count: number }): number {
  const index = Math.floor(first / chunk_size);
  return index >= chunk_count - 1 ? size - 1 : first + chunk_size - 1;
}
