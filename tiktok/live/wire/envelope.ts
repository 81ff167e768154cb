import { WireReader } from './reader.ts';

/** WebcastPushFrame: what one WebSocket message holds. */
export interface PushFrame {
  logId: string;
  payloadEncoding: string;
  payloadType: string;
  payload: Buffer;
}

/** BaseProtoMessage: one message of a batch, its payload still encoded. */
export interface WireEntry {
  method: string;
  payload: Buffer;
  msgId: string;
  isHistory: boolean;
}

/** ProtoMessageFetchResult: a batch, in a push frame or as the sign service's answer. */
export interface FetchResult {
  entries: WireEntry[];
  cursor: string;
  internalExt: string;
  routeParams: Record<string, string>;
  needAck: boolean;
  pushServer: string;
}

const EMPTY = Buffer.alloc(0);

/** @throws RangeError on malformed bytes */
export function decodePushFrame(bytes: Buffer): PushFrame {
  const reader = new WireReader(bytes);
  const frame: PushFrame = { logId: '0', payloadEncoding: '', payloadType: '', payload: EMPTY };
  while (reader.pos < bytes.length) {
    const tag = reader.uint32();
    if (tag === 16)
      frame.logId = reader.int64(); // 2
    else if (tag === 50)
      frame.payloadEncoding = reader.string(); // 6
    else if (tag === 58)
      frame.payloadType = reader.string(); // 7
    else if (tag === 66)
      frame.payload = reader.bytes(); // 8
    else reader.skip(tag);
  }
  return frame;
}

/** @throws RangeError on malformed bytes; inner payloads are not looked into */
export function decodeFetchResult(bytes: Buffer): FetchResult {
  const reader = new WireReader(bytes);
  const result: FetchResult = { entries: [], cursor: '', internalExt: '', routeParams: {}, needAck: false, pushServer: '' };
  while (reader.pos < bytes.length) {
    const tag = reader.uint32();
    if (tag === 10)
      result.entries.push(readEntry(reader)); // 1
    else if (tag === 18)
      result.cursor = reader.string(); // 2
    else if (tag === 42)
      result.internalExt = reader.string(); // 5
    else if (tag === 58)
      readMapEntry(reader, result.routeParams); // 7
    else if (tag === 72)
      result.needAck = reader.bool(); // 9
    else if (tag === 82)
      result.pushServer = reader.string(); // 10
    else reader.skip(tag);
  }
  return result;
}

function readEntry(reader: WireReader): WireEntry {
  const end = reader.end();
  const entry: WireEntry = { method: '', payload: EMPTY, msgId: '0', isHistory: false };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10)
      entry.method = reader.string(); // 1
    else if (tag === 18)
      entry.payload = reader.bytes(); // 2
    else if (tag === 24)
      entry.msgId = reader.int64(); // 3
    else if (tag === 48)
      entry.isHistory = reader.bool(); // 6
    else reader.skip(tag);
  }
  reader.finish(end);
  return entry;
}

function readMapEntry(reader: WireReader, into: Record<string, string>): void {
  const end = reader.end();
  let key = '';
  let value = '';
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) key = reader.string();
    else if (tag === 18) value = reader.string();
    else reader.skip(tag);
  }
  reader.finish(end);
  // A plain assignment of "__proto__" would change the prototype instead of adding an entry.
  if (key !== '__proto__') into[key] = value;
}
