import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../helpers/eventually.ts';
import { fetchSigned, joinRoom } from '../helpers/push-client.ts';
import { sandboxControl, startTestSandbox, type SandboxControl } from '../helpers/sandbox-client.ts';
import type { Sandbox } from '../../sandbox/server.ts';

const DEMO_ROOMS = [
  'demo',
  'busy',
  'gifts',
  'quiet',
  'later',
  'offline',
  'limited',
  'dropping',
  'silent',
  'redelivering',
  'restricted',
  'ending',
  'suspended',
  'malformed',
  'reordering',
];

interface LoadState {
  running: boolean;
  sent: number;
  totals: { total_events: number; total_gifts: number; messages: Record<string, number> };
}

describe('the control API of the sandbox', () => {
  let sandbox: Sandbox;
  let control: SandboxControl;

  beforeAll(async () => {
    const started = await startTestSandbox({ laterMs: 50 });
    sandbox = started;
    control = started.control;
  });
  afterAll(() => sandbox.close());

  test('The demo rooms are there, and the room "later" goes live after it was asked for.', async () => {
    const { rooms } = await control.call<{ rooms: { name: string }[] }>('GET', '/rooms');
    expect(rooms.map(({ name }) => name).slice(0, DEMO_ROOMS.length)).toEqual(DEMO_ROOMS);
    expect((await control.state('later')).status).toBe('offline');
    const page = await (await fetch(`${sandbox.url}/@later/live`)).text();
    expect(page).toContain('"status":4');
    await eventually(async () => (await control.state('later')).status === 'live');
  });

  test('The demo room is full of life while somebody listens.', async () => {
    await control.call('PATCH', '/rooms/demo', { traffic: { events_per_second: 500 } });
    const client = await joinRoom(sandbox.url, (await control.state('demo')).room_id);
    const methods = await eventually(() => {
      const seen = new Set(client.messages().map(({ method }) => method));
      return seen.size === 6 ? seen : null;
    });
    client.close();
    expect([...methods].sort()).toEqual([
      'WebcastChatMessage',
      'WebcastGiftMessage',
      'WebcastLikeMessage',
      'WebcastMemberMessage',
      'WebcastRoomUserSeqMessage',
      'WebcastSocialMessage',
    ]);
  });

  test('The limited room refuses with Retry-After twice, then lets one through, and starts again.', async () => {
    const { room_id } = await control.state('limited');
    const answers = [];
    for (let call = 0; call < 4; call++) answers.push((await fetchSigned(sandbox.url, room_id)).response);
    expect(answers.map(({ status }) => status)).toEqual([429, 429, 200, 429]);
    expect(answers[0]?.headers.get('retry-after')).toBe('3');
    expect(Number(answers[0]?.headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1_000);
    expect(answers[2]?.headers.get('x-set-tt-cookie')).toMatch(/^ttwid=/);
  });

  test('The allowance of the sign service is one for all rooms, and keys can be demanded.', async () => {
    const own = await startTestSandbox();
    const [a, b] = [await own.control.state('demo'), await own.control.state('quiet')];
    await own.control.call('PUT', '/sign', { limit: 2, window_s: 60 });
    const answers = [await fetchSigned(own.url, a.room_id), await fetchSigned(own.url, b.room_id), await fetchSigned(own.url, a.room_id)];
    expect(answers.map(({ response }) => [response.status, response.headers.get('x-ratelimit-remaining')])).toEqual([
      [200, '1'],
      [200, '0'],
      [429, '0'],
    ]);
    expect(answers[2]?.body.toString()).toContain('limit_label');
    await own.control.call('PUT', '/sign', { limit: 100, api_keys: ['k1'] });
    expect((await fetchSigned(own.url, a.room_id)).response.status).toBe(401);
    expect((await fetchSigned(own.url, a.room_id, { headers: { 'x-api-key': 'k1' } })).response.status).toBe(200);
    const { calls } = await own.control.call<{ calls: { room: string; status: number }[] }>('GET', '/sign');
    expect(calls.map(({ room, status }) => `${room} ${status}`)).toEqual(['demo 200', 'quiet 200', 'demo 429', 'demo 401', 'demo 200']);
    await own.close();
  });

  test('A sign service can be slow, answer with what is not protobuf, or leave the cursor out.', async () => {
    const { room_id } = await control.createRoom('odd');
    await control.call('PUT', '/rooms/odd/sign', { slow_ms: 120 });
    const before = performance.now();
    expect((await fetchSigned(sandbox.url, room_id)).response.status).toBe(200);
    expect(performance.now() - before).toBeGreaterThan(100);
    await control.call('PUT', '/rooms/odd/sign', { mode: 'no_cursor' });
    expect((await fetchSigned(sandbox.url, room_id)).result?.cursor).toBe('');
    await control.call('PUT', '/rooms/odd/sign', { mode: 'malformed' });
    await expect(fetchSigned(sandbox.url, room_id)).rejects.toThrow();
  });

  test('A session cookie for the sign service opens the restricted room.', async () => {
    const { room_id } = await control.state('restricted');
    expect((await fetchSigned(sandbox.url, room_id)).response.status).toBe(403);
    expect(
      (await fetchSigned(sandbox.url, room_id, { headers: { 'x-cookie-header': 'tt-target-idc=x; sessionid=abc' } })).response.status,
    ).toBe(200);
    const info = (await (await fetch(`${sandbox.url}/webcast/room/info/?room_id=${room_id}`)).json()) as { status_code: number };
    expect(info.status_code).toBe(4_003_110);
  });

  test('Short links lead to the LIVE page, or wherever they were told to.', async () => {
    const location = async (path: string) => {
      const response = await fetch(sandbox.url + path, { redirect: 'manual' });
      return [response.status, response.headers.get('location')];
    };
    expect(await location('/short/demo')).toEqual([302, `${sandbox.url}/@demo/live`]);
    expect(await location('/demo/')).toEqual([302, `${sandbox.url}/@demo/live`]);
    expect(await location('/ZM8unknown/')).toEqual([404, null]);
    await control.call('PUT', '/short-links/ZMevil', { location: 'http://example.com/@demo/live' });
    expect(await location('/ZMevil/')).toEqual([302, 'http://example.com/@demo/live']);
  });

  test('A load sends what it was told at its pace, and its sums are exact.', async () => {
    const { room_id } = await control.createRoom('loaded', { history: 0 });
    const client = await joinRoom(sandbox.url, room_id);
    await control.call('POST', '/rooms/loaded/load', { events_per_second: 4_000, events_per_frame: 10, duration_s: 0.5 });
    const load = await eventually(async () => {
      const state = await control.call<LoadState>('GET', '/rooms/loaded/load');
      return state.running ? null : state;
    });
    await eventually(() => client.ids().length === load.sent);
    expect(load.sent).toBeGreaterThanOrEqual(2_000);
    expect(load.sent).toBeLessThan(2_020);
    expect(new Set(client.ids()).size).toBe(load.sent);
    const byMethod = (method: string) => client.messages().filter((message) => message.method === method).length;
    expect(load.totals.messages).toMatchObject({
      comment: byMethod('WebcastChatMessage'),
      gift: byMethod('WebcastGiftMessage'),
      like: byMethod('WebcastLikeMessage'),
      join: byMethod('WebcastMemberMessage'),
      room_user: byMethod('WebcastRoomUserSeqMessage'),
    });
    expect((await control.state('loaded')).totals).toEqual(load.totals);
    client.close();
  });

  test('A second load in the same room is refused, and one can be stopped.', async () => {
    await control.createRoom('twice');
    await control.call('POST', '/rooms/twice/load', { events_per_second: 10 });
    await expect(control.call('POST', '/rooms/twice/load', { events_per_second: 10 })).rejects.toThrow('409');
    expect(await control.call<LoadState>('DELETE', '/rooms/twice/load')).toMatchObject({ running: false });
  });

  test('Bodies with faults get 422 and name them, unknown rooms 404.', async () => {
    await expect(control.createRoom('bad name!')).rejects.toThrow('422');
    await expect(control.createRoom('fine', { traffic: { events_per_second: 'many' } })).rejects.toThrow(/422.*events_per_second/s);
    await expect(control.push('quiet', { type: 'sneeze' })).rejects.toThrow('422');
    await expect(control.push('nowhere', { type: 'comment' })).rejects.toThrow('404');
    const notJson = await fetch(`${sandbox.url}/control/rooms`, { method: 'POST', body: '{' });
    expect(notJson.status).toBe(422);
  });

  test('A reset brings back the rooms of the start and forgets all others.', async () => {
    const own = await startTestSandbox();
    await own.control.createRoom('extra');
    await own.control.push('quiet', { type: 'comment' });
    await own.control.call('POST', '/reset');
    expect((await own.control.state('quiet')).totals).toMatchObject({ total_comments: 0 });
    await expect(own.control.state('extra')).rejects.toThrow('404');
    await own.close();
  });

  test('Rooms end and come back by the clock, as their settings say.', async () => {
    const { room_id } = await control.createRoom('brief', { life: { end_after_ms: 30, end_as: 'suspended', again_after_ms: 30 } });
    const client = await joinRoom(sandbox.url, room_id);
    await eventually(() => client.messages().some(({ method }) => method === 'WebcastControlMessage'));
    await eventually(async () => {
      const state = await control.state('brief');
      return state.status === 'live' && state.room_id !== room_id;
    });
    client.close();
  });
});

test('The sandbox runs as a process of its own, tells its URL twice, and ends on SIGTERM with all that runs in it.', async () => {
  const main = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', main], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, SANDBOX_PORT: '0' },
  });
  let printed = '';
  child.stdout?.on('data', (chunk: Buffer) => void (printed += chunk.toString()));
  const [message] = (await once(child, 'message')) as [{ ready: boolean; url: string }];
  await eventually(() => printed.includes(message.url));
  const control = sandboxControl(message.url);
  const client = await joinRoom(message.url, (await control.state('busy')).room_id);
  await control.call('POST', '/rooms/quiet/load', { events_per_second: 100 });
  await eventually(() => client.frames.length > 0);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
