import * as schema from 'tiktok-live-proto/v3';

type Codec = { decode(bytes: Uint8Array): object; encode(message: object): { finish(): Uint8Array } };
const codecs = schema as unknown as Record<string, Codec>;

function codec(name: string): Codec {
  const found = codecs[name];
  if (!found) throw new Error(`tiktok-live-proto has no ${name}.`);
  return found;
}

/** A whole message of the published schema: what is not given has its default. */
export const wire = (name: string, given: object = {}): Record<string, unknown> => ({ ...codec(name).decode(new Uint8Array(0)), ...given });

/** Encodes with the published schema's own encoder. */
export const encodeWire = (name: string, given: object = {}): Buffer => Buffer.from(codec(name).encode(wire(name, given)).finish());

export const decodeWire = (name: string, bytes: Uint8Array): Record<string, unknown> =>
  codec(name).decode(bytes) as Record<string, unknown>;

export const commonOf = (given: object = {}): object =>
  wire('CommonMessageData', { msgId: '7312345678901234567', roomId: '7312345678901234000', createTime: '1750000000123', ...given });

export const userOf = (given: object = {}): object =>
  wire('User', {
    id: '6812345678901234567',
    nickname: 'Zoë ✨',
    displayId: 'zoe.live',
    bioDescription: 'not needed',
    avatarThumb: wire('ImageModel', { urlList: ['https://p16.example/1.webp', 'https://p16.example/2.jpeg'], uri: 'x' }),
    avatarLarge: wire('ImageModel', { urlList: ['https://p16.example/large.webp'] }),
    secUid: 'MS4wLjABAAAA',
    ...given,
  });

export interface Entry {
  method: string;
  payload: Uint8Array;
  msgId?: string;
  isHistory?: boolean;
}

/** The payload of a push frame, or a sign answer. */
export const batchOf = (entries: Entry[], given: object = {}): Buffer =>
  encodeWire('ProtoMessageFetchResult', {
    messages: entries.map(({ method, payload, msgId = '7312345678901234567', isHistory = false }) =>
      wire('BaseProtoMessage', { method, payload: Buffer.from(payload), msgId, isHistory }),
    ),
    cursor: 'cursor-1',
    internalExt: 'ext-1',
    needAck: true,
    ...given,
  });

export const pushOf = (payload: Uint8Array, given: object = {}): Buffer =>
  encodeWire('WebcastPushFrame', { logId: '42', payloadEncoding: 'pb', payloadType: 'msg', payload: Buffer.from(payload), ...given });
