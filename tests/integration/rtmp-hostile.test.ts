import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { listenRtmp, type RtmpServer } from '../../media/rtmp/rtmp-server.ts';

const PUBLISH_WITHIN_MS = 5_000;
let server: RtmpServer;
let admitted = 0;

beforeEach(async () => {
  admitted = 0;
  server = await listenRtmp({
    host: '127.0.0.1',
    port: 0,
    maxConnections: 3,
    publishWithinMs: PUBLISH_WITHIN_MS,
    newRequestId: () => 'id',
    logger: pino({ level: 'silent' }),
    admit: () => {
      admitted += 1;
      return Promise.resolve({ take: () => undefined, end: () => undefined });
    },
  });
});
afterEach(() => server.close());

async function open(): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}
const closed = (socket: Socket): Promise<unknown> => (socket.resume(), socket.closed ? Promise.resolve() : once(socket, 'close'));
/** C0, C1 and C2 of RTMP's handshake. */
const HANDSHAKE = Buffer.concat([Buffer.from([3]), Buffer.alloc(2 * 1_536)]);
/** A chunk of type 0 on chunk stream `cid`. */
const chunk = (cid: number, type: number, length: number, payload: Buffer): Buffer => Buffer.concat([Buffer.from([cid, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255, type, 0, 0, 0, 0]), payload]);
const amfString = (text: string): Buffer => Buffer.concat([Buffer.from([2, text.length >> 8, text.length & 255]), Buffer.from(text, 'latin1')]);
/** A command without arguments; what answers it says its transaction again. */
const command = (name: string, transaction: string): Buffer => {
  const payload = Buffer.concat([amfString(name), amfString(transaction), Buffer.from([5])]);
  return chunk(3, 20, payload.length, payload);
};
const chunkSize = (bytes: number): Buffer => chunk(2, 1, 4, Buffer.from([0, bytes >> 16, (bytes >> 8) & 255, bytes & 255]));

describe('what is sent to the RTMP port by strangers', () => {
  it.each([
    ['a message larger than a command is', [chunk(3, 9, 8_000_000, Buffer.alloc(100))]],
    ['a chunk size of nothing', [chunk(2, 1, 4, Buffer.alloc(4))]],
    ['a command that is no AMF', [chunk(3, 20, 3, Buffer.from([0, 1, 2]))]],
    ['a second connect', [command('connect', '1'), command('connect', '2')]],
    ['more chunk streams than encoders use', Array.from({ length: 40 }, (_, i) => chunk(3 + i, 8, 1_000, Buffer.alloc(128)))],
  ])('ends the connection alone: %s', async (_, parts) => {
    const socket = await open();
    const at = performance.now();
    socket.write(Buffer.concat([HANDSHAKE, ...parts]));
    await closed(socket);
    // For what it sent, not because it published nothing.
    expect(performance.now() - at).toBeLessThan(PUBLISH_WITHIN_MS - 1_000);
    expect(admitted).toBe(0);
    const next = await open();
    next.write(HANDSHAKE);
    const [answer] = (await once(next, 'data')) as [Buffer];
    expect(answer[0]).toBe(3);
    next.destroy();
  }, 20_000);

  it('is answered no more where the answers are not read', async () => {
    // More than the kernel takes for both sides.
    const most = 32 * 1024 * 1024;
    const socket = await open();
    socket.pause();
    socket.write(Buffer.concat([HANDSHAKE, chunkSize(65_536)]));
    const flood = command('createStream', 'x'.repeat(60_000));
    let sent = 0;
    const gone = new Promise((resolve) => socket.once('close', resolve));
    for (; sent < most && !socket.destroyed; sent += flood.length) if (!socket.write(flood)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), gone]);
    expect(sent).toBeLessThan(most);
    await gone;
  }, 20_000);

  it('is waited for no longer than a while', async () => {
    const socket = await open();
    const at = performance.now();
    socket.write(HANDSHAKE);
    await closed(socket);
    expect(performance.now() - at).toBeGreaterThan(PUBLISH_WITHIN_MS - 1_000);
  }, 20_000);

  it('ends the connection alone: any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (bytes) => {
        const socket = await open();
        socket.end(Buffer.concat([HANDSHAKE, bytes]));
        await closed(socket);
        expect(admitted).toBe(0);
      }),
      { numRuns: 50 },
    );
  }, 60_000);

  it('gets no more connections than there may be', async () => {
    const sockets = await Promise.all(Array.from({ length: 4 }, open));
    await Promise.race(sockets.map(closed));
    expect(sockets.filter(({ closed: gone }) => !gone).length).toBeGreaterThanOrEqual(3);
    for (const socket of sockets) socket.destroy();
  }, 20_000);
});
