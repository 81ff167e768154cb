import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../helpers/eventually.ts';
import { fetchSigned, joinRoom, openPush, type PushClient } from '../helpers/push-client.ts';
import { startTestSandbox, type SandboxControl } from '../helpers/sandbox-client.ts';
import { createSandbox, type Sandbox } from '../../sandbox/server.ts';

const comments = (...texts: string[]) => texts.map((comment) => ({ type: 'comment', comment }));

describe('the push socket of the sandbox', () => {
  let sandbox: Sandbox;
  let control: SandboxControl;
  const clients: PushClient[] = [];

  beforeAll(async () => {
    const started = await startTestSandbox();
    sandbox = started;
    control = started.control;
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(() => sandbox.close());

  async function join(
    name: string,
    settings: object = {},
    cursor = '',
  ): Promise<PushClient & { first: { messages: { msgId: string; isHistory: boolean }[] } }> {
    const { room_id } = await control.createRoom(name, settings);
    const client = await joinRoom(sandbox.url, room_id, cursor);
    clients.push(client);
    return client;
  }

  test('A new client gets the newest messages as history, and only new ones on the socket.', async () => {
    await control.createRoom('backlog', { history: 2 });
    const ids = await control.push('backlog', comments('a', 'b', 'c'));
    const client = await join('backlog');
    expect(client.first.messages.map(({ msgId, isHistory }) => [msgId, isHistory])).toEqual(ids.slice(1).map((id) => [id, true]));
    const fresh = await control.push('backlog', comments('d'));
    await eventually(() => client.frames.length === 1);
    expect(client.messages().map(({ msgId, isHistory }) => [msgId, isHistory])).toEqual([[fresh[0], false]]);
  });

  test('A resume larger than the sign answer goes on over the socket, and nothing is missing.', async () => {
    await control.createRoom('long', { overlap: 0, sign_backlog: 10, events_per_frame: undefined });
    const first = await join('long');
    const { cursor } = await control.state('long');
    first.close();
    const ids = await control.push('long', comments(...Array.from({ length: 350 }, (_, index) => String(index))));
    const client = await join('long', {}, cursor);
    await eventually(() => client.ids().length === 340);
    expect([...client.first.messages.map(({ msgId }) => msgId), ...client.ids()]).toEqual(ids);
    expect([...client.first.messages, ...client.messages()].some(({ isHistory }) => isHistory)).toBe(false);
  });

  test('The log is bounded: who comes too late gets the newest of it, and a foreign cursor counts as none.', async () => {
    await control.createRoom('bounded', { log_size: 5, overlap: 0 });
    const { cursor } = await control.state('bounded');
    const ids = await control.push('bounded', comments('1', '2', '3', '4', '5', '6', '7', '8'));
    const client = await join('bounded', {}, cursor);
    expect(client.first.messages.map(({ msgId }) => msgId)).toEqual(ids.slice(3));
    const foreign = await join('bounded', {}, 't-1_r-3_d-1_u-other');
    expect(foreign.first.messages.every(({ isHistory }) => isHistory)).toBe(true);
  });

  test('Large payloads are gzipped for clients that ask for it, and acks are matched to their frames.', async () => {
    const client = await join('zipped', { gzip_above_bytes: 100 });
    const { room_id } = await control.state('zipped');
    const plain = await openPush(`ws://127.0.0.1:${sandbox.port}/webcast/im/ws_proxy/ws_reuse_supplement/`, room_id, '', {});
    clients.push(plain);
    client.ackAll();
    await control.push('zipped', comments('x'.repeat(500)));
    await eventually(() => client.frames.length === 1 && plain.frames.length === 1);
    const state = await eventually(async () => {
      const now = await control.state('zipped');
      return now.acks === 1 ? now : null;
    });
    expect(state).toMatchObject({ frames_sent: 2, acks: 1, acks_unknown: 0 });
    expect(state.sockets.map((socket) => (socket as unknown as { gzipped_frames: number }).gzipped_frames)).toEqual([1, 0]);
    expect(state.sockets.map(({ unacked }) => unacked)).toEqual([0, 1]);
  });

  test('A frozen socket stays open and answers nothing; thawed, it sends what was missed.', async () => {
    const client = await join('frozen');
    expect(await client.ping(2_000)).toBe(true);
    await control.call('POST', '/rooms/frozen/freeze');
    const ids = await control.push('frozen', comments('unseen'));
    expect(await client.ping(150)).toBe(false);
    expect(client.frames).toEqual([]);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    await control.call('POST', '/rooms/frozen/unfreeze');
    await eventually(() => client.frames.length === 1);
    expect(client.ids()).toEqual(ids);
  });

  test('Re-delivered frames bring the same message ids again, and the totals count them once.', async () => {
    const client = await join('again', { faults: { redeliver: 1 } });
    for (const text of ['a', 'b', 'c']) await control.push('again', comments(text));
    await eventually(() => client.ids().length === 6);
    expect(new Set(client.ids()).size).toBe(3);
    expect(await control.call('POST', '/rooms/again/redeliver', { frames: 20 })).toEqual({ frames: 6 });
    await eventually(() => client.ids().length === 12);
    expect((await control.state('again')).totals).toMatchObject({ total_comments: 3 });
  });

  test('Reordered frames arrive out of order, and all of them.', async () => {
    const client = await join('mixed', { faults: { reorder: 0.5 } });
    const ids: string[] = [];
    for (let number = 0; number < 40; number++) ids.push(...(await control.push('mixed', comments(String(number)))));
    await eventually(() => client.ids().length === 40);
    expect(client.ids()).not.toEqual(ids);
    expect([...client.ids()].sort()).toEqual([...ids].sort());
  });

  test('A dropping room cuts its sockets, by turns by TCP and with a close code.', async () => {
    const first = await join('flaky', { faults: { drop_every_ms: 30 } });
    expect(await eventually(() => first.closed)).toMatchObject({ code: 1006 });
    const second = await join('flaky');
    expect(await eventually(() => second.closed)).toMatchObject({ code: 1011 });
    expect(await control.state('flaky')).toMatchObject({ sockets_opened: 2, sockets_closed: 2, connected: 0 });
  });

  test('Any bytes can be sent as a frame.', async () => {
    const client = await join('rawbytes');
    await control.call('POST', '/rooms/rawbytes/frames', { frame_base64: Buffer.from([0x3a, 0xff]).toString('base64') });
    await eventually(() => client.bad === 1);
  });

  test('A room that is over gives its end in the sign answer and takes no socket.', async () => {
    const { room_id } = await control.createRoom('ended', { starts: 'ended' });
    const { result } = await fetchSigned(sandbox.url, room_id);
    expect(result?.messages.map(({ method, isHistory }) => [method, isHistory])).toEqual([['WebcastControlMessage', false]]);
    await expect(openPush(String(result?.pushServer), room_id, '')).rejects.toThrow('403');
    await expect(openPush(String(result?.pushServer), '1', '')).rejects.toThrow('403');
  });

  test('A user who goes live again has a new room id, and the old one is over.', async () => {
    const before = await control.createRoom('phoenix');
    await control.call('POST', '/rooms/phoenix/end');
    const after = await control.call<{ room_id: string; status: string }>('POST', '/rooms/phoenix/online');
    expect(after.status).toBe('live');
    expect(after.room_id).not.toBe(before.room_id);
    const info = async (roomId: string) =>
      (await (await fetch(`${sandbox.url}/webcast/room/info/?room_id=${roomId}`)).json()) as { data: { status: number } };
    expect([(await info(before.room_id)).data.status, (await info(after.room_id)).data.status]).toEqual([4, 2]);
  });

  test('A client that reads too slowly is cut.', async () => {
    const small = await startTestSandbox({ maxBufferedBytes: 500_000 });
    const { room_id } = await small.control.createRoom('slow', { gzip_above_bytes: null });
    const client = await joinRoom(small.url, room_id);
    clients.push(client);
    client.socket.pause();
    const big = comments('x'.repeat(400_000));
    await eventually(async () => {
      await small.control.push('slow', big);
      return (await small.control.state('slow')).cut_for_backlog === 1;
    });
    await small.close();
  });

  test('Closing cuts every client, frees the port, and may be done twice.', async () => {
    const other = await startTestSandbox();
    const { room_id } = await other.control.state('demo');
    const client = await joinRoom(other.url, room_id);
    clients.push(client);
    await Promise.all([other.close(), other.close()]);
    await eventually(() => client.closed);
    const successor = await createSandbox({ port: other.port });
    await expect(createSandbox({ port: other.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await successor.close();
  });
});
