import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import EulerStreamApiClient from 'tiktok-live-api-sdk';
import { PremiumFeatureError, SignAPIError, TikTokLiveConnection, UserOfflineError } from 'tiktok-live-connector';
import type { Sandbox } from '../../sandbox/server.ts';
import { eventually } from '../helpers/eventually.ts';
import { startTestSandbox, type SandboxControl } from '../helpers/sandbox-client.ts';

type Seen = { name: string; data: Record<string, unknown> };
type Listener = { connection: TikTokLiveConnection; seen: Seen[]; of(name: string): Record<string, unknown>[] };

type ConnectorOptions = NonNullable<ConstructorParameters<typeof TikTokLiveConnection>[1]>;
/** 2.4.0's type demands a cookie jar that its code replaces. */
const LOOPBACK_WEB_CLIENT = {
  retry: { limit: 0 },
  hooks: { beforeRequest: [(request: { url: URL }) => void (request.url.protocol = 'http:')] },
} as unknown as NonNullable<ConnectorOptions['webClientOptions']>;

const EVENTS = [
  'chat',
  'gift',
  'like',
  'member',
  'follow',
  'share',
  'roomUser',
  'controlMessage',
  'streamEnd',
  'disconnected',
  'enterRoom',
  'error',
];

describe('the sandbox and the real tiktok-live-connector', () => {
  let sandbox: Sandbox;
  let control: SandboxControl;
  const connections: TikTokLiveConnection[] = [];

  beforeAll(async () => {
    const started = await startTestSandbox();
    sandbox = started;
    control = started.control;
  });
  afterAll(async () => {
    await Promise.all(connections.map((connection) => connection.disconnect()));
    await sandbox.close();
  });

  function listen(name: string): Listener {
    const host = `127.0.0.1:${sandbox.port}`;
    const connection = new TikTokLiveConnection(name, {
      eulerApiInstance: new EulerStreamApiClient({ basePath: sandbox.url, baseOptions: { validateStatus: () => true } }),
      webConfigOverrides: { TIKTOK_HOST_WEB: host, TIKTOK_HOST_WEBCAST: host },
      webClientOptions: LOOPBACK_WEB_CLIENT,
      wsConfigOverrides: { DEFAULT_WS_PING_INTERVAL: 100 },
    });
    connections.push(connection);
    const seen: Seen[] = [];
    const emitter = connection as unknown as { on(name: string, run: (data: Record<string, unknown>) => void): void };
    for (const event of EVENTS) emitter.on(event, (data) => seen.push({ name: event, data }));
    return { connection, seen, of: (event) => seen.filter((each) => each.name === event).map(({ data }) => data) };
  }

  test('It connects by name through the page, enters the room, and acknowledges what it gets.', async () => {
    await control.createRoom('plain');
    const { connection, of } = listen('plain');
    const state = await connection.connect();
    expect(state.roomId).toBe((await control.state('plain')).room_id);
    await eventually(() => of('enterRoom').length === 1);

    await control.push('plain', { type: 'comment', comment: 'hallo', language: 'de', user: 'anna' });
    const chat = await eventually(() => of('chat')[0]);
    expect(chat).toMatchObject({ content: 'hallo', contentLanguage: 'de', user: { displayId: 'anna' } });

    const room = await eventually(async () => {
      const now = await control.state('plain');
      return now.acks === 1 && now.heartbeats > 0 ? now : null;
    });
    expect(room).toMatchObject({ acks_unknown: 0, connected: 1, request_counts: { html: 1, room_info: 1, sign: 1, push: 1 } });
    expect(room.sockets[0]?.entered_room_id).toBe(room.room_id);
    expect(room.sockets[0]?.query).toMatchObject({ compress: 'gzip', room_id: room.room_id });
  });

  test('Every kind of event arrives as the event that the connector names for it.', async () => {
    await control.createRoom('kinds');
    const { connection, of, seen } = listen('kinds');
    await connection.connect();
    const [, giftId] = await control.push('kinds', [
      { type: 'comment', comment: 'x' },
      {
        type: 'gift',
        gift: 'Rose',
        repeat_count: 3,
        repeat_end: false,
        group_id: '7300000000000000001',
        user: { username: 'bo', is_follower: true },
      },
      { type: 'like', like_count: 7, total_likes: 12_345_678_901 },
      { type: 'join', viewer_count: 42 },
      { type: 'follow', follow_count: 99 },
      { type: 'share', share_target: 'whatsapp', share_count: 5 },
      { type: 'room_user', viewer_count: 321, total_viewers: 4_000 },
    ]);
    await eventually(() => of('roomUser').length === 1);

    expect(of('gift')[0]).toMatchObject({
      giftId: '5655',
      repeatCount: 3,
      repeatEnd: 0,
      groupId: '7300000000000000001',
      gift: { name: 'Rose', diamondCount: 1, type: 1 },
      user: { displayId: 'bo', followInfo: { followStatus: '1' } },
      common: { msgId: giftId },
    });
    expect(of('like')[0]).toMatchObject({ count: 7, total: '12345678901' });
    expect(of('member')[0]).toMatchObject({ memberCount: 42, action: 1 });
    expect(of('follow')[0]).toMatchObject({ followCount: '99' });
    expect(of('share')[0]).toMatchObject({ shareTarget: 'whatsapp', shareCount: 5 });
    expect(of('roomUser')[0]).toMatchObject({ total: '321' });
    expect(of('error')).toEqual([]);
    expect(seen.filter(({ name }) => name !== 'enterRoom')).toHaveLength(7);
  });

  test('The end of a LIVE comes as streamEnd, and afterwards the room is offline.', async () => {
    await control.createRoom('over');
    const { connection, of } = listen('over');
    await connection.connect();
    await control.call('POST', '/rooms/over/end');
    await eventually(() => of('disconnected').length === 1);
    expect(of('controlMessage')[0]).toMatchObject({ action: 3 });
    expect(of('streamEnd')).toHaveLength(1);
    await expect(connection.connect()).rejects.toBeInstanceOf(UserOfflineError);
  });

  test('A client that resumes with a cursor gets what it missed, and some of what it had.', async () => {
    await control.createRoom('resumed', { overlap: 1 });
    const { connection, of } = listen('resumed');
    await connection.connect();
    await control.push('resumed', [
      { type: 'comment', comment: 'one' },
      { type: 'comment', comment: 'two' },
    ]);
    await eventually(() => of('chat').length === 2);
    const { room_id, cursor } = await control.state('resumed');
    await control.call('POST', '/rooms/resumed/drop', {});
    const gone = await eventually(() => of('disconnected')[0]);
    expect(gone).toMatchObject({ code: 1006 });

    await control.push('resumed', { type: 'comment', comment: 'three' });
    connection.clientParams['cursor'] = cursor;
    await connection.connect(room_id);
    await control.push('resumed', { type: 'comment', comment: 'four' });
    const texts = await eventually(() => (of('chat').length === 5 ? of('chat').map(({ content }) => content) : null));
    expect(texts).toEqual(['one', 'two', 'two', 'three', 'four']);
  });

  test('A socket that is dropped with a code ends with that code and reason.', async () => {
    await control.createRoom('dropped');
    const { connection, of } = listen('dropped');
    await connection.connect();
    await control.call('POST', '/rooms/dropped/drop', { code: 4000, reason: 'go away' });
    expect(await eventually(() => of('disconnected')[0])).toMatchObject({ code: 4000, reason: 'go away' });
  });

  test.each([
    ['payment_required', PremiumFeatureError, /Premium Feature/],
    ['unauthorized', SignAPIError, /status 401/],
    ['failing', SignAPIError, /status 500/],
    ['empty_cookies', SignAPIError, /Empty Cookies/],
  ])('A sign service in the mode %s makes connecting fail as the connector knows it.', async (mode, type, words) => {
    await control.createRoom('refusing');
    await control.call('PUT', '/rooms/refusing/sign', { mode, times: 1 });
    const { connection } = listen('refusing');
    const failure: unknown = await connection.connect().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(type);
    expect(String(failure)).toMatch(words);
    await connection.connect();
  });

  test('The lookups stand in for each other, and an unknown user fails in all three.', async () => {
    await control.createRoom('fallback', { lookups: { html: 'blocked', api_live: 'not_found' } });
    const { connection } = listen('fallback');
    await connection.connect();
    expect((await control.state('fallback')).request_counts).toMatchObject({ html: 1, api_live: 1, euler_room_id: 1 });
    await expect(listen('nobody.at.all').connection.connect()).rejects.toThrow('Failed to retrieve Room ID from all sources');
    await expect(listen('offline').connection.connect()).rejects.toBeInstanceOf(UserOfflineError);
  });

  test('Broken frames leave the connection up, and the events between them arrive.', async () => {
    await control.createRoom('broken', { faults: { malformed_every: 1 } });
    const { connection, of } = listen('broken');
    await connection.connect();
    for (let number = 0; number < 8; number++) await control.push('broken', { type: 'comment', comment: String(number) });
    await eventually(() => of('chat').length === 8);
    expect(of('error').length).toBeGreaterThan(0);
    expect(connection.isConnected).toBe(true);
  });

  test('An age-restricted room refuses whoever brings no session, and shows which cookies it was shown.', async () => {
    const anonymous = listen('restricted');
    await expect(anonymous.connection.connect()).rejects.toThrow(/age-restricted/);
    const answer = await fetch(`${sandbox.url}/webcast/room/info/?room_id=${(await control.state('restricted')).room_id}`, {
      headers: { cookie: 'sessionid=s3ss10n' },
    });
    expect(await answer.json()).toMatchObject({ status_code: 0, data: { status: 2, owner: { display_id: 'restricted' } } });
    const { requests } = await control.state('restricted');
    expect(requests.at(-1)).toMatchObject({ route: 'room_info', cookie: 'sessionid=s3ss10n' });
    expect(requests.find(({ route }) => route === 'sign')).toMatchObject({ status: 403 });
  });
});
