import { gunzipSync } from 'node:zlib';
import { ProtoMessageFetchResult, WebcastPushFrame } from 'tiktok-live-proto/v3';
import { WebSocket } from 'ws';

type FetchResult = ReturnType<typeof ProtoMessageFetchResult.decode>;
type WireMessage = FetchResult['messages'][number];

export interface PushClient {
  socket: WebSocket;
  frames: FetchResult[];
  payloadTypes: string[];
  bad: number;
  closed: { code: number; reason: string } | null;
  messages(): WireMessage[];
  ids(): string[];
  /** Acknowledges every frame of now on. */
  ackAll(): void;
  /** @returns whether a ping was answered within `timeoutMs` */
  ping(timeoutMs: number): Promise<boolean>;
  close(): void;
}

/** Asks the sign service as the connector does. */
export async function fetchSigned(
  url: string,
  roomId: string,
  { cursor = '', headers = {} }: { cursor?: string; headers?: Record<string, string> } = {},
) {
  const response = await fetch(`${url}/webcast/rooms/${roomId}/connect?client=ttlive-node&cursor=${encodeURIComponent(cursor)}`, {
    headers,
  });
  const body = Buffer.from(await response.arrayBuffer());
  const isProtobuf = response.headers.get('content-type') === 'application/protobuf';
  return { response, body, result: isProtobuf ? ProtoMessageFetchResult.decode(body) : null };
}

/** A push socket read with the official schema, without the connector between. */
export async function openPush(
  pushServer: string,
  roomId: string,
  cursor: string,
  query: Record<string, string> = { compress: 'gzip' },
): Promise<PushClient> {
  const socket = new WebSocket(`${pushServer}?${new URLSearchParams({ room_id: roomId, cursor, ...query })}`, { autoPong: false });
  let acking = false;
  const client: PushClient = {
    socket,
    frames: [],
    payloadTypes: [],
    bad: 0,
    closed: null,
    messages: () => client.frames.flatMap(({ messages }) => messages),
    ids: () => client.messages().map(({ msgId }) => msgId),
    ackAll: () => void (acking = true),
    ping: (timeoutMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), timeoutMs);
        socket.once('pong', () => (clearTimeout(timer), resolve(true)));
        socket.ping();
      }),
    close: () => socket.terminate(),
  };
  socket.on('message', (data: Buffer) => {
    try {
      const frame = WebcastPushFrame.decode(data);
      client.payloadTypes.push(frame.payloadType);
      if (frame.payloadType !== 'msg' || frame.payloadEncoding !== 'pb') return;
      const result = ProtoMessageFetchResult.decode(frame.payload[0] === 31 ? gunzipSync(frame.payload) : frame.payload);
      client.frames.push(result);
      if (acking) socket.send(ackOf(frame.logId, result.internalExt));
    } catch {
      client.bad += 1;
    }
  });
  socket.on('close', (code, reason) => void (client.closed = { code, reason: reason.toString() }));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.on('error', () => undefined);
  return client;
}

function ackOf(logId: string, internalExt: string): Uint8Array {
  const frame = {
    seqId: '0',
    logId,
    payloadEncoding: 'pb',
    payloadType: 'ack',
    payload: Buffer.from(internalExt),
    service: '0',
    method: '0',
    headers: [],
  };
  return WebcastPushFrame.encode(frame).finish();
}

/** Signs and opens, as on a first connect or with a cursor. */
export async function joinRoom(url: string, roomId: string, cursor = ''): Promise<PushClient & { first: FetchResult }> {
  const { result, response } = await fetchSigned(url, roomId, { cursor });
  if (!result) throw new Error(`The sign service gave ${response.status}.`);
  return Object.assign(await openPush(result.pushServer, roomId, result.cursor), { first: result });
}
