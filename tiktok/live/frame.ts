import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { LiveFrame } from '../../domain/contracts/live-connection.ts';
import type { RoomTotals, WireEvent } from '../../domain/contracts/live-event.ts';
import { normalize } from './normalize.ts';
import { decodeFetchResult, decodePushFrame, type FetchResult, type WireEntry } from './wire/envelope.ts';
import { messageDecoder } from './wire/messages.ts';

/** Bytes that a push frame may unpack to: stops a gzip bomb. */
export const MAX_UNPACKED_BYTES = 32 * 1024 * 1024;

const CONTROL = 'WebcastControlMessage';

/** What a batch holds for the consumer, without the means to acknowledge it. */
export interface DecodedBatch extends Pick<LiveFrame, 'events' | 'totals' | 'cursor' | 'decode_failures'> {
  /** Messages of methods that nobody needs. */
  ignored: number;
}

export interface DecodedPush {
  batch: DecodedBatch;
  /** Present where TikTok wants the frame acknowledged. */
  ack?: { logId: string; internalExt: string };
}

/**
 * One WebSocket message, decoded at once, so that frames keep the order in which they came.
 * @returns null for frames without a batch (answers to heartbeats and to entering the room)
 * @throws RangeError or a zlib error where the frame itself is malformed; a malformed message inside is only counted
 */
export function decodePush(bytes: Buffer, receivedAtMs: number): DecodedPush | null {
  const frame = decodePushFrame(bytes);
  if (frame.payloadEncoding !== 'pb' || frame.payload.length === 0 || frame.payloadType === 'hb') return null;
  const result = decodeFetchResult(unpack(frame.payload));
  const push: DecodedPush = { batch: decodeBatch(result, receivedAtMs) };
  if (result.needAck && result.internalExt && frame.logId !== '0') push.ack = { logId: frame.logId, internalExt: result.internalExt };
  return push;
}

/**
 * @param isHistory true: everything in it happened before we came, but for the room's end, which is how it stands
 */
export function decodeBatch(result: FetchResult, receivedAtMs: number, isHistory = false): DecodedBatch {
  const events: WireEvent[] = [];
  const totals: RoomTotals = {};
  let failures = 0;
  let ignored = 0;
  for (const entry of result.entries) {
    const decode = messageDecoder(entry.method);
    if (!decode) {
      ignored++;
      continue;
    }
    try {
      const context = {
        fallbackId: () => fallbackId(entry),
        isHistory: entry.isHistory || (isHistory && entry.method !== CONTROL),
        receivedAtMs,
      };
      const { event, totals: stated } = normalize(decode(entry.payload), context);
      Object.assign(totals, stated);
      if (event) events.push(event);
    } catch {
      // Counted and told by the frame; the rest of the batch is good.
      failures++;
    }
  }
  return { events, totals, cursor: result.cursor || null, decode_failures: failures, ignored };
}

/** gzip is told by its magic bytes, as TikTok's own page does; a header that names it is not read. */
function unpack(payload: Buffer): Buffer {
  const isGzip = payload.length > 2 && payload[0] === 0x1f && payload[1] === 0x8b && payload[2] === 0x08;
  return isGzip ? gunzipSync(payload, { maxOutputLength: MAX_UNPACKED_BYTES }) : payload;
}

/** The same bytes give the same id, so that a re-delivery is still recognised. */
function fallbackId(entry: WireEntry): string {
  return entry.msgId === '0' ? `sha1:${createHash('sha1').update(entry.method).update(entry.payload).digest('hex')}` : entry.msgId;
}
