import { encodeBaseMessage, encodeFetchResult, encodePushFrame } from '../wire/frames.ts';

const encoder = new TextEncoder();
/** A field that claims more bytes than there are. */
export const BROKEN_FIELD = Uint8Array.of(0x12, 0xff, 0xff, 0xff, 0x7f, 0x01);
const FORGED_GZIP = Uint8Array.of(31, 139, 8, 0, 1, 2, 3, 4, 5, 6, 7);

const KINDS = ['frame', 'gzip', 'fetch_result', 'inner_payload', 'unknown_method', 'unknown_encoding', 'text'] as const;
export type MalformedKind = (typeof KINDS)[number];

/** The broken frames by turns. @param turn 0, 1, 2, … */
export const malformedKind = (turn: number): MalformedKind => KINDS[turn % KINDS.length] ?? 'frame';

/** A push frame that is broken in the given way; it carries no event. @returns text where even the WebSocket opcode is wrong */
export function malformedFrame(kind: MalformedKind, logId: bigint, now: number): Uint8Array | string {
  const frame = (payload: Uint8Array, payloadEncoding = 'pb'): Uint8Array =>
    encodePushFrame({ seqId: 1, logId, payloadEncoding, payloadType: 'msg', payload });
  const single = (method: string, payload: Uint8Array): Uint8Array =>
    frame(encodeFetchResult({ messages: [encodeBaseMessage({ method, payload }, logId)], cursor: '', now }));
  switch (kind) {
    case 'frame':
      return BROKEN_FIELD;
    case 'gzip':
      return frame(FORGED_GZIP);
    case 'fetch_result':
      return frame(BROKEN_FIELD);
    case 'inner_payload':
      return single('WebcastChatMessage', BROKEN_FIELD);
    case 'unknown_method':
      return single('WebcastMessageOfTheFuture', encoder.encode('?'));
    case 'unknown_encoding':
      return frame(encoder.encode('{"messages":[]}'), 'json');
    case 'text':
      return 'not a frame';
  }
}
