import ipaddr from 'ipaddr.js';
import type { Context } from 'hono';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { remoteAddress } from './client-address.ts';
import type { AppEnv } from './context.ts';
import type { StreamingConfig } from './deps.ts';
import { ApiError } from './errors.ts';

/** A signature that names its time holds so long: later it may be somebody's recording of it. */
const FRESH_S = 300;
const TIME_BYTES = 32;
const HEX = /^[\da-f]{64}$/i;

/**
 * Who may tell of streams: whoever signs the body (X-Signature: HMAC-SHA256, hex, of the body, or of `<X-Timestamp>.<body>` where that header is sent),
 * comes by a URL that we signed (`?expires=<unix s>&signature=<HMAC-SHA256, hex, of "stream-event:<expires>">`), or from an allowed address.
 * @throws ApiError stream_event_refused
 */
export function requireStreamEventOrigin(c: Context<AppEnv>, body: Buffer): void {
  const { streaming } = c.get('deps').config;
  const signature = c.req.header('x-signature');
  if (signature !== undefined) return requireSignedBody(streaming, body, signature, c.req.header('x-timestamp'));
  const { expires, signature: signed } = c.req.query();
  if (expires !== undefined || signed !== undefined) return requireSignedQuery(streaming, expires ?? '', signed ?? '');
  const address = remoteAddress(c);
  if (address === null || !streaming.eventAddresses.some((range) => isWithin(address, range))) throw refused(`${address ?? 'this address'} is not in STREAM_EVENT_ADDRESSES, and nothing is signed`);
}

function requireSignedBody({ eventSecret }: StreamingConfig, body: Buffer, given: string, timestamp: string | undefined): void {
  const parts = timestamp === undefined ? [body] : [Buffer.from(`${timestamp}.`), body];
  requireSignature(eventSecret, given.replace(/^sha256=/, ''), ...parts);
  if (timestamp === undefined) {
    // The same bytes as a time and a body, so that it could be somebody's recording of those. No event begins so.
    if (/^\d+\./.test(body.toString('latin1', 0, TIME_BYTES))) throw refused('the body begins with a time: send it as X-Timestamp');
    return;
  }
  const at = Number(timestamp);
  if (!Number.isSafeInteger(at) || Math.abs(Date.now() / 1_000 - at) > FRESH_S) throw refused(`X-Timestamp must be unix seconds, at most ${FRESH_S} s away`);
}

function requireSignedQuery({ eventSecret }: StreamingConfig, expires: string, given: string): void {
  requireSignature(eventSecret, given, Buffer.from(`stream-event:${expires}`));
  if (!(Number(expires) > Date.now() / 1_000)) throw refused('the signed URL has expired');
}

/** What is about time comes after this: who can't sign learns nothing of our clock. */
function requireSignature(secret: string | null, given: string, ...parts: Buffer[]): void {
  if (secret === null) throw refused('STREAM_EVENT_SECRET is not set');
  const hmac = createHmac('sha256', secret);
  for (const part of parts) hmac.update(part);
  if (!HEX.test(given) || !timingSafeEqual(hmac.digest(), Buffer.from(given, 'hex'))) throw refused('the signature is not right');
}

function isWithin(address: string, range: string): boolean {
  if (!ipaddr.isValidCIDR(range)) return ipaddr.isValid(range) && ipaddr.process(range).toString() === address;
  const [network, bits] = ipaddr.parseCIDR(range);
  const parsed = ipaddr.parse(address);
  return parsed.kind() === network.kind() && parsed.match(network, bits);
}

const refused = (detail: string): ApiError => new ApiError('stream_event_refused', { detail });
