import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { Int64 } from './fields.ts';
import { concatFields, message, putBool, putBytes, putInt, putString } from './fields.ts';
import type { WireMessage } from './messages.ts';

/** BaseProtoMessage without its history mark, which is added for those who get it as backlog. */
export function encodeBaseMessage({ method, payload }: WireMessage, msgId: Int64): Uint8Array {
  return message((writer) => {
    putString(writer, 1, method);
    putBytes(writer, 2, payload);
    putInt(writer, 3, msgId);
  });
}

const HISTORY_MARK = Uint8Array.of(6 << 3, 1);

/** The same BaseProtoMessage with isHistory set: fields may come in any order, so it goes to the end. */
export function asHistory(base: Uint8Array): Uint8Array {
  return Buffer.concat([base, HISTORY_MARK]);
}

export interface FetchResult {
  messages: readonly Uint8Array[];
  cursor: string;
  /** Epoch milliseconds. */
  now: number;
  internalExt?: string;
  fetchInterval?: number;
  routeParams?: Readonly<Record<string, string>>;
  heartbeatDuration?: number;
  needAck?: boolean;
  pushServer?: string;
  isFirst?: boolean;
}

/** ProtoMessageFetchResult: the payload of a push frame, and the body of the sign answer. */
export function encodeFetchResult(result: FetchResult): Uint8Array {
  const tail = message((writer) => {
    putString(writer, 2, result.cursor);
    putInt(writer, 3, result.fetchInterval);
    putInt(writer, 4, result.now);
    putString(writer, 5, result.internalExt);
    for (const [key, value] of Object.entries(result.routeParams ?? {})) {
      putBytes(
        writer,
        7,
        message((inner) => (putString(inner, 1, key), putString(inner, 2, value))),
      );
    }
    putInt(writer, 8, result.heartbeatDuration);
    putBool(writer, 9, result.needAck);
    putString(writer, 10, result.pushServer);
    putBool(writer, 11, result.isFirst);
  });
  return concatFields(1, result.messages, tail);
}

export interface PushFrame {
  seqId: Int64;
  logId: Int64;
  headers?: Readonly<Record<string, string>>;
  payloadEncoding?: string;
  payloadType: string;
  payload: Uint8Array;
}

export function encodePushFrame(frame: PushFrame): Uint8Array {
  const tail = message((writer) => {
    putInt(writer, 1, frame.seqId);
    putInt(writer, 2, frame.logId);
    for (const [key, value] of Object.entries(frame.headers ?? {})) {
      putBytes(
        writer,
        5,
        message((inner) => (putString(inner, 1, key), putString(inner, 2, value))),
      );
    }
    putString(writer, 6, frame.payloadEncoding ?? 'pb');
    putString(writer, 7, frame.payloadType);
  });
  return concatFields(8, [frame.payload], tail);
}

export interface ClientFrame {
  logId: string;
  payloadType: string;
  payload: Uint8Array;
}

/** Reads what a client sends. @throws RangeError or Error where it is no PushFrame */
export function decodeClientFrame(bytes: Uint8Array): ClientFrame {
  const reader = new BinaryReader(bytes);
  const frame: ClientFrame = { logId: '0', payloadType: '', payload: new Uint8Array(0) };
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 2) frame.logId = String(reader.int64());
    else if (field === 7) frame.payloadType = reader.string();
    else if (field === 8) frame.payload = reader.bytes();
    else reader.skip(wireType, field);
  }
  return frame;
}

/** Reads the room id (field 1) of a heartbeat or an im_enter_room; "0" where it has none. */
export function decodeRoomId(payload: Uint8Array): string {
  const reader = new BinaryReader(payload);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) return String(reader.int64());
    reader.skip(wireType, field);
  }
  return '0';
}
