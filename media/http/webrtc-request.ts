import type { Context } from 'hono';
import { AppError, type ErrorCode } from '../../domain/errors.ts';
import { forwardedAddress } from '../../domain/forwarded-address.ts';

/** A browser's offer with all of its codecs has about 8 KiB. */
export const MOST_SDP_BYTES = 64 * 1_024;

/** The key or token of `Authorization: Bearer …`; '' where there is none. */
export function bearerOf(c: Context): string {
  return /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
}

/** @throws AppError unsupported_media_type, payload_too_large */
export async function bodyOf(c: Context, mediaType: string): Promise<string> {
  const given = (c.req.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  if (given !== mediaType) throw new AppError('unsupported_media_type', `Send the body as ${mediaType}${given ? `, not ${given}` : ''}.`);
  return readText(c.req.raw.body);
}

async function readText(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early cancels the stream.
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MOST_SDP_BYTES) throw new AppError('payload_too_large', `An SDP has at most ${MOST_SDP_BYTES} bytes here.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function addressOf(c: Context, trustedProxies: number): string | null {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket: { remoteAddress?: string } } };
  return forwardedAddress(c.req.header('x-forwarded-for'), incoming?.socket.remoteAddress, trustedProxies);
}

/** When a refused request may be sent again, seconds. */
const RETRY_AFTER_S: Partial<Record<ErrorCode, number>> = { stream_not_live: 2, stream_busy: 5, media_full: 10, media_worker_died: 1, rate_limited: 10 };

/** Adds to a refusal when to come again. */
export async function withHints(c: Context, run: () => Promise<Response>): Promise<Response> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof AppError) {
      const wait = RETRY_AFTER_S[error.code];
      if (wait !== undefined) c.header('Retry-After', String(wait));
    }
    throw error;
  }
}
