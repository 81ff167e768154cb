import type { Context } from 'hono';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { rangeOf } from '../domain/streaming/byte-range.ts';
import type { MediaStorage } from '../media/storage.ts';
import type { AppEnv } from './context.ts';
import { ApiError } from './errors.ts';

export interface FileFacts {
  key: string;
  content_type: string;
  /** Cache-Control. */
  caching: string;
}

/**
 * Answers with a stored file, or the range of it that was asked for: Range, If-Range, If-None-Match and HEAD (RFC 9110).
 * @throws ApiError not_found where storage has no such file
 */
export async function answerFile(c: Context<AppEnv>, media: MediaStorage, { key, content_type, caching }: FileFacts): Promise<Response> {
  const stored = await media.stat(key);
  if (!stored) throw new ApiError('not_found', { detail: 'the file is gone' });
  const etag = `"${stored.version.replaceAll('"', '')}"`;
  const headers = { ETag: etag, 'Accept-Ranges': 'bytes', 'Cache-Control': caching };
  if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers);
  // If-Range: the range counts only where the file is still the one that the player has.
  const ifRange = c.req.header('if-range')?.trim();
  const range = ifRange === undefined || ifRange === etag ? rangeOf(c.req.header('range'), stored.size_bytes) : null;
  if (range === 'unsatisfiable') return c.body(null, 416, { ...headers, 'Content-Range': `bytes */${stored.size_bytes}` });
  const { first, last } = range ?? { first: 0, last: stored.size_bytes - 1 };
  const status = range === null ? 200 : 206;
  const facts = {
    ...headers,
    'Content-Type': content_type,
    'Content-Length': String(last - first + 1),
    ...(range !== null && { 'Content-Range': `bytes ${first}-${last}/${stored.size_bytes}` }),
  };
  if (c.req.raw.method === 'HEAD') return c.body(null, status, facts);
  return c.body(Readable.toWeb(await media.read(key, first, last)) as ReadableStream as globalThis.ReadableStream, status, facts);
}
