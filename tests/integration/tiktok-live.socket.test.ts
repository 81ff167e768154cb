import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { WebSocket } from 'ws';
import type { LiveFrame } from '../../domain/contracts/live-connection.ts';
import type { Sandbox } from '../../sandbox/server.ts';
import { eventually } from '../helpers/eventually.ts';
import { LIVESTREAM, listen, NEVER, testClient, type Listening } from '../helpers/live-client.ts';
import { startTestSandbox, type SandboxControl } from '../helpers/sandbox-client.ts';
import { answerWith, frameWith, startStubSignService, type StubSignService } from '../helpers/stub-sign-service.ts';
import { batchOf, commonOf, encodeWire, pushOf, userOf } from '../helpers/webcast-bytes.ts';

let sandbox: Sandbox;
let control: SandboxControl;
const open: Listening[] = [];

beforeAll(async () => {
  const started = await startTestSandbox();
  ({ control } = started);
  sandbox = started;
});
afterAll(async () => {
  await Promise.all(open.map(({ connection }) => connection.close()));
  await sandbox.close();
});

async function join(
  room: string,
  settings: object = {},
  given: Parameters<typeof listen>[3] = {},
  client = testClient(sandbox.url),
): Promise<Listening> {
  await control.createRoom(room, settings);
  const listening = await listen(client, control, room, given);
  open.push(listening);
  return listening;
}
const comment = (text: string, more: object = {}) => ({ type: 'comment', comment: text, user: 'anna', ...more });

describe('an open room', () => {
  test('it enters the room, keeps its heart beating, and tells what happens', async () => {
    const client = testClient(sandbox.url, { timeouts: { heartbeat: 30 } });
    const { connection, events } = await join('all', {}, {}, client);
    const { room_id } = await control.state('all');
    expect(connection.room).toEqual({ room_id, username: 'all', title: null });
    await eventually(async () => (await control.state('all')).heartbeats >= 2);
    expect((await control.state('all')).sockets[0]?.entered_room_id).toBe(room_id);

    const ids = await control.push('all', [
      comment('hallo', { language: 'de' }),
      { type: 'gift', gift: 'Rose', repeat_count: 3, repeat_end: false, group_id: '77' },
      { type: 'like', like_count: 5, total_likes: 12_345_678_901 },
      { type: 'join', viewer_count: 42 },
      { type: 'follow', follow_count: 7 },
      { type: 'share', share_target: 'copy' },
      { type: 'room_user', viewer_count: 43 },
    ]);
    await eventually(() => events().length === 6);
    expect(events().map(({ type }) => type)).toEqual(['comment', 'gift', 'like', 'join', 'follow', 'share']);
    expect(events().map(({ msg_id }) => msg_id)).toEqual(ids.slice(0, 6));
    expect(events()[0]).toMatchObject({
      is_history: false,
      user: { username: 'anna', is_follower: expect.any(Boolean) },
      fields: { comment: 'hallo', language: 'de' },
    });
    expect(events()[1]?.fields).toMatchObject({ gift_name: 'Rose', repeat_count: 3, group_id: '77', streakable: true, repeat_end: false });
    expect(connection.totals).toMatchObject({ likes: 12_345_678_901, viewers: 43, followers: 7 });
  });

  test('nothing is acknowledged before it is stored, then everything is, once', async () => {
    const { frames } = await join('acks');
    await control.push('acks', [comment('1'), comment('2'), comment('3')]);
    const pushed = await eventually(() => (frames.length > 1 ? frames.slice(1) : null));
    await eventually(async () => (await control.state('acks')).frames_sent === pushed.length);
    expect((await control.state('acks')).acks).toBe(0);
    for (const frame of [...frames, ...frames]) frame.ack();
    await eventually(async () => (await control.state('acks')).acks === pushed.length);
    expect(await control.state('acks')).toMatchObject({ acks_unknown: 0, bad_client_frames: 0 });
  });

  test('1,500 gzipped and plain frames in one burst keep their order', async () => {
    const { comments } = await join('order', { gzip_above_bytes: 600 });
    const texts = Array.from({ length: 1_500 }, (_, index) => `${index}${index % 3 === 0 ? ' padded'.repeat(1 + (index % 50)) : ''}`);
    await control.call('POST', '/rooms/order/events', { events: texts.map((text) => comment(text)), events_per_frame: 1 });
    await eventually(() => comments().length === texts.length);
    expect(comments()).toEqual(texts);
  });

  test('the backlog of a first connect is history; what a resume brings is not', async () => {
    await control.createRoom('resume');
    await control.push('resume', [comment('before 1'), comment('before 2')]);
    const first = await listen(testClient(sandbox.url), control, 'resume');
    expect(first.events().map(({ is_history }) => is_history)).toEqual([true, true]);
    await control.push('resume', comment('live'));
    const cursor = await eventually(() => (first.comments().includes('live') ? first.frames.at(-1)!.cursor : null));
    await first.connection.close();

    await control.push('resume', comment('missed'));
    const second = await listen(testClient(sandbox.url), control, 'resume', { cursor });
    open.push(second);
    await eventually(() => second.comments().includes('missed'));
    expect(second.events().find(({ fields }) => 'comment' in fields && fields.comment === 'missed')).toMatchObject({ is_history: false });
    expect((await control.state('resume')).requests.findLast(({ route }) => route === 'sign')?.query['cursor']).toBe(cursor);
  });

  test('a frame that comes again has the same message ids', async () => {
    const { events } = await join('again');
    await control.push('again', comment('once'));
    await eventually(() => events().length === 1);
    await control.call('POST', '/rooms/again/redeliver', { frames: 1 });
    await eventually(() => events().length === 2);
    expect(new Set(events().map(({ msg_id }) => msg_id)).size).toBe(1);
  });

  test('a pause holds frames back and a resume brings them, in order and complete', async () => {
    const { connection, comments } = await join('pause');
    connection.pause();
    await control.push(
      'pause',
      Array.from({ length: 50 }, (_, index) => comment(String(index))),
    );
    await eventually(async () => (await control.state('pause')).messages_sent === 50);
    expect(comments()).toEqual([]);
    expect(await connection.ping(2_000)).toBe(true);
    connection.resume();
    await eventually(() => comments().length === 50);
    expect(comments()).toEqual(Array.from({ length: 50 }, (_, index) => String(index)));
  });
});

describe('faults of the socket', () => {
  test('a silent socket answers no ping, a quiet room does', async () => {
    const { connection } = await join('silent');
    expect(await connection.ping(2_000)).toBe(true);
    await control.call('POST', '/rooms/silent/freeze');
    expect(await connection.ping(150)).toBe(false);
    const started = Date.now();
    await connection.close();
    expect(Date.now() - started).toBeLessThan(2_000);
    expect(await connection.ended).toMatchObject({ kind: 'closed', code: 1006 });
    expect(await connection.ping(50)).toBe(false);
  });

  test('malformed frames are counted and the connection stays', async () => {
    const { frames, comments } = await join('broken');
    const broken = [
      Buffer.from([0xff]),
      pushOf(Buffer.from([0x0a, 0xff, 0x01])),
      pushOf(Buffer.from([0x1f, 0x8b, 0x08, 0, 1, 2])),
      pushOf(gzipSync(batchOf([{ method: 'WebcastChatMessage', payload: Buffer.from([0x0a, 0x7f]) }]))),
    ];
    for (const bytes of broken) await control.call('POST', '/rooms/broken/frames', { frame_base64: bytes.toString('base64') });
    await control.call('POST', '/rooms/broken/frames', { frame_base64: Buffer.from('text').toString('base64'), text: true });
    await control.push('broken', comment('still here'));
    await eventually(() => comments().includes('still here'));
    expect(frames.reduce((sum, frame) => sum + frame.decode_failures, 0)).toBe(5);
  });

  test('an oversized frame ends the connection with its reason', async () => {
    const { connection } = await join('huge', {}, {}, testClient(sandbox.url, { maxPayloadBytes: 10_000 }));
    await control.call('POST', '/rooms/huge/frames', { frame_base64: Buffer.alloc(20_000).toString('base64') });
    expect(await connection.ended).toEqual({ kind: 'error', error: 'Max payload size exceeded' });
  });

  test.each([
    ['a close', { code: 4001, reason: 'go away' }, { kind: 'closed', code: 4001, reason: 'go away' }],
    ['a reset', {}, { kind: expect.any(String) }],
  ])('%s ends it once, and closing it then is done at once', async (_case, how, end) => {
    const { connection } = await join('dropped');
    await control.call('POST', '/rooms/dropped/drop', how);
    expect(await connection.ended).toMatchObject(end);
    await Promise.all([connection.close(), connection.close()]);
  });

  test('the end of the LIVE is an event', async () => {
    const { events } = await join('ending');
    await control.call('POST', '/rooms/ending/suspend');
    const end = await eventually(() => events().find(({ type }) => type === 'live_end'));
    expect(end).toMatchObject({ is_history: false, fields: { cause: 'suspended' }, msg_id: expect.stringMatching(/^\d+$/) });
  });

  test('a LIVE that is over can not be joined, but who was there gets its end', async () => {
    const listening = await join('gone');
    const cursor = (await control.state('gone')).cursor;
    await listening.connection.close();
    const { room_id } = await control.state('gone');
    await control.call('POST', '/rooms/gone/end');
    await expect(listen(testClient(sandbox.url), control, 'gone', { room_id })).rejects.toMatchObject({ code: 'room_ended' });
    const { connection, events } = await listen(testClient(sandbox.url), control, 'gone', { room_id, cursor });
    expect(events().at(-1)).toMatchObject({ type: 'live_end', is_history: false });
    expect(await connection.ended).toMatchObject({ kind: 'closed', code: 1000 });
    await connection.close();
  });

  test('a consumer that throws ends its own connection and nothing else', async () => {
    const onFrame = (frame: { events: unknown[] }): void => {
      if (frame.events.length > 0) throw new Error('no room left');
    };
    const { connection } = await join('throwing', {}, { onFrame });
    await control.push('throwing', comment('boom'));
    expect(await connection.ended).toEqual({ kind: 'error', error: 'The consumer failed: no room left' });
  });
});

describe('the handshake', () => {
  let stub: StubSignService;
  beforeAll(async () => {
    stub = await startStubSignService();
  });
  afterAll(() => stub.close());

  const opening = (given: object = {}, options: object = {}) =>
    testClient(stub.url, options).open({
      livestream_id: LIVESTREAM,
      room_id: '7312345678901234000',
      username: null,
      cursor: null,
      session_cookie: null,
      onFrame: () => undefined,
      signal: NEVER,
      ...given,
    });
  const refuse = (head: string) =>
    (stub.onUpgrade = (stream) => void stream.end(`HTTP/1.1 ${head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`));

  test.each([
    ['403 Forbidden\r\nhandshake-msg: DEVICE_BLOCKED', { code: 'tiktok_refused', detail: '403 DEVICE_BLOCKED' }],
    ['429 Too Many\r\nretry-after: 4', { code: 'tiktok_refused', detail: 'HTTP 429', retry_after_ms: 4_000 }],
    ['302 Found\r\nlocation: http://169.254.169.254/', { code: 'tiktok_refused', detail: 'HTTP 302' }],
    ['503 Unavailable', { code: 'tiktok_unreachable', detail: 'HTTP 503' }],
  ])('refused with %j is told by its code and words', async (head, expected) => {
    const accept = stub.onUpgrade;
    refuse(head);
    await expect(opening()).rejects.toMatchObject(expected);
    stub.onUpgrade = accept;
  });

  test('that never ends, or breaks, is tiktok_unreachable in time', async () => {
    const accept = stub.onUpgrade;
    stub.onUpgrade = () => undefined;
    await expect(opening({}, { timeouts: { handshake: 100 } })).rejects.toMatchObject({
      code: 'tiktok_unreachable',
      detail: 'Opening handshake has timed out',
    });
    stub.onUpgrade = (stream) => stream.destroy();
    await expect(opening()).rejects.toMatchObject({ code: 'tiktok_unreachable' });
    stub.onUpgrade = accept;
  });

  test('that is called off leaves nothing open', async () => {
    const accept = stub.onUpgrade;
    const controller = new AbortController();
    const closed = new Promise<void>((resolve) => {
      stub.onUpgrade = (stream) => {
        stream.on('end', () => resolve()).resume();
        controller.abort();
      };
    });
    const called = opening({ signal: controller.signal });
    await expect(called).rejects.toMatchObject({ aborted: true });
    await closed;
    stub.onUpgrade = accept;
  });

  test('the first batch is delivered before anything that comes over the socket', async () => {
    const chat = (content: string) => ({
      method: 'WebcastChatMessage',
      payload: encodeWire('WebcastChatMessage', { common: commonOf(), user: userOf(), content }),
    });
    stub.onConnect = (response) =>
      answerWith(
        response,
        batchOf([chat('first')], { pushServer: `${stub.pushUrl}?a=b`, cursor: 'c0', routeParams: { imprp: 'x', empty: '' } }),
      );
    stub.onSocket = (socket) => socket.send(frameWith([chat('second')]));
    const seen: string[] = [];
    const history: boolean[] = [];
    const onFrame = ({ events }: LiveFrame): void => {
      history.push(...events.map(({ is_history }) => is_history));
      seen.push(...events.flatMap(({ fields }) => ('comment' in fields ? [fields.comment] : [])));
    };
    const connection = await opening({ onFrame });
    await eventually(() => seen.length === 2);
    expect(seen).toEqual(['first', 'second']);
    expect(history).toEqual([true, false]);
    const query = new URL(stub.requests.at(-1)!.url, stub.url).searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      a: 'b',
      cursor: 'c0',
      imprp: 'x',
      compress: 'gzip',
      room_id: '7312345678901234000',
      internal_ext: 'ext-1',
    });
    expect(query.has('empty')).toBe(false);
    await connection.close();
  });

  test('pings are answered, and a closed connection keeps no listener, timer or socket', async () => {
    const pongs: string[] = [];
    let server: WebSocket | undefined;
    stub.onSocket = (socket) => {
      server = socket;
      socket.on('pong', (data) => pongs.push(data.toString())).ping('are you there');
    };
    const controller = new AbortController();
    const connection = await opening({ signal: controller.signal });
    await eventually(() => pongs.includes('are you there'));
    for (let round = 0; round < 20; round++) expect(await connection.ping(1_000)).toBe(true);
    await connection.close();
    await eventually(() => server?.readyState === 3);
    expect(await connection.ended).toMatchObject({ kind: 'closed', code: 1000 });
    // A late abort finds nobody to tell.
    controller.abort();
    await eventually(() => stub.sockets.clients.size === 0);
  });
});
