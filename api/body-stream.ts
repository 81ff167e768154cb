import type { Context } from 'hono';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { AppEnv } from './context.ts';

/** The body as it comes in: Node's own request, or the web stream under app.request(). */
export function bodyStream(c: Context<AppEnv>): Readable {
  const incoming = c.env?.incoming;
  if (incoming instanceof Readable) return incoming;
  const { body } = c.req.raw;
  return body ? Readable.fromWeb(body as ReadableStream) : Readable.from([]);
}
