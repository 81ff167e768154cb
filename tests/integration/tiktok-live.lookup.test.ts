import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TikTokInput } from '../../domain/contracts/livestream.ts';
import type { Sandbox } from '../../sandbox/server.ts';
import { LiveError } from '../../tiktok/live/index.ts';
import { NEVER, testClient, type TestClient } from '../helpers/live-client.ts';
import { startTestSandbox, type SandboxControl } from '../helpers/sandbox-client.ts';

let sandbox: Sandbox;
let control: SandboxControl;
let client: TestClient;

beforeAll(async () => {
  const started = await startTestSandbox();
  ({ control } = started);
  sandbox = started;
  client = testClient(sandbox.url);
});
afterAll(() => sandbox.close());

const user = (username: string): TikTokInput => ({ kind: 'username', username });
const resolve = (input: TikTokInput, cookie: string | null = null, by = client) => by.resolveRoom(input, cookie, NEVER);
const shortLink = async (code: string, location?: string): Promise<TikTokInput> => {
  if (location) await control.call('PUT', `/short-links/${code}`, { location });
  return { kind: 'short_link', url: `https://vm.tiktok.com/${code}` };
};

describe('finding a room', () => {
  test('by name: the room that is live, with its title', async () => {
    const { room_id } = await control.createRoom('alice', { title: 'Alice </script> talks' });
    expect(await resolve(user('alice'))).toEqual({ room_id, username: 'alice', title: 'Alice </script> talks', state: 'live' });
  });

  test('by room id: with the name of its owner', async () => {
    const { room_id } = await control.createRoom('bob', { title: 'Bob' });
    expect(await resolve({ kind: 'room_id', room_id })).toEqual({ room_id, username: 'bob', title: 'Bob', state: 'live' });
  });

  test('a room that is over says so', async () => {
    const { room_id } = await control.createRoom('over', { starts: 'ended' });
    expect(await resolve({ kind: 'room_id', room_id })).toMatchObject({ state: 'offline' });
    expect(await client.roomState(room_id, null, NEVER)).toBe('offline');
  });

  test('a room id that TikTok does not know is refused in words', async () => {
    await expect(resolve({ kind: 'room_id', room_id: '7000000000000000001' })).rejects.toMatchObject({
      code: 'room_ended',
      reason: 'TikTok knows no LIVE under this room id; it may be over.',
      detail: 'Request params error',
    });
  });

  test('a user whom nobody knows is user_not_found, and costs no call of the sign service', async () => {
    const asked = client.acquired.length;
    await expect(resolve(user('nobody.here'))).rejects.toMatchObject({ code: 'user_not_found', detail: 'user_not_found', permanent: true });
    expect(client.acquired).toHaveLength(asked);
  });

  test('a user who is not live is user_offline', async () => {
    await control.createRoom('asleep', { starts: 'offline' });
    await expect(resolve(user('asleep'))).rejects.toMatchObject({ code: 'user_offline' });
  });

  test.each(['blocked', 'unavailable', 'not_found'])('a page that is %s is made up for by the API', async (html) => {
    const { room_id } = await control.createRoom('page.down', { lookups: { html } });
    expect(await resolve(user('page.down'))).toMatchObject({ room_id, state: 'live' });
  });

  test('page and API failing are made up for by the sign service, which is a call of its allowance', async () => {
    const { room_id } = await control.createRoom('both.down', { lookups: { html: 'blocked', api_live: 'blocked' } });
    const asked = client.acquired.length;
    expect(await resolve(user('both.down'))).toMatchObject({ room_id });
    expect(client.acquired).toHaveLength(asked + 1);
  });

  test('all sources unavailable is TikTok that can not be reached, not a user that is unknown', async () => {
    await control.createRoom('all.down', { lookups: { html: 'unavailable', api_live: 'unavailable', euler: 'unavailable' } });
    await expect(resolve(user('all.down'))).rejects.toMatchObject({ code: 'tiktok_unreachable', permanent: false });
  });

  test('all sources blocked tells the first one’s reason', async () => {
    await control.createRoom('all.blocked', { lookups: { html: 'blocked', api_live: 'blocked', euler: 'blocked' } });
    await expect(resolve(user('all.blocked'))).rejects.toMatchObject({
      code: 'tiktok_bad_response',
      detail: expect.stringContaining('captcha'),
    });
  });

  test('room details that can not be had keep nobody from a room that was found', async () => {
    const { room_id } = await control.createRoom('no.info', { title: 'From the page', lookups: { room_info: 'unavailable' } });
    expect(await resolve(user('no.info'))).toEqual({ room_id, username: 'no.info', title: 'From the page', state: 'live' });
    await expect(client.roomState(room_id, null, NEVER)).rejects.toMatchObject({ code: 'tiktok_unreachable' });
  });

  test('an age-restricted room asks for a session, and opens with one', async () => {
    const { room_id } = await control.createRoom('adults', { age_restricted: true });
    await expect(resolve(user('adults'))).rejects.toMatchObject({ code: 'age_restricted', permanent: true });
    await expect(client.roomState(room_id, null, NEVER)).rejects.toMatchObject({ code: 'age_restricted' });
    expect(await resolve(user('adults'), 'abc123session')).toMatchObject({ room_id, state: 'live' });
    expect(await client.roomState(room_id, 'sessionid=abc123session; tt-target-idc=useast5', NEVER)).toBe('live');
  });

  test('the session goes to room/info and to no other look-up', async () => {
    await control.createRoom('frugal', { age_restricted: true });
    await resolve(user('frugal'), 'abc123session');
    const { requests } = await control.state('frugal');
    const carried = requests.map(({ route, cookie }) => [route, cookie?.includes('abc123session') ?? false]);
    expect(carried).toEqual([
      ['html', false],
      ['room_info', true],
    ]);
  });

  test('nobody there is tiktok_unreachable', async () => {
    const gone = testClient('http://127.0.0.1:9');
    await expect(resolve(user('alice'), null, gone)).rejects.toMatchObject({ code: 'tiktok_unreachable' });
    await expect(gone.roomState('7000000000000000001', null, NEVER)).rejects.toMatchObject({
      code: 'tiktok_unreachable',
      detail: '127.0.0.1:9: ECONNREFUSED',
    });
  });

  test('a call that is called off says so, as a LiveError', async () => {
    const called: unknown = await client.resolveRoom(user('alice'), null, AbortSignal.abort()).catch((error: unknown) => error);
    expect(called).toBeInstanceOf(LiveError);
    expect(called).toMatchObject({ aborted: true });
  });

  test('two clients with different URLs do not influence each other', async () => {
    const other = await startTestSandbox();
    try {
      const here = await control.createRoom('twin', { title: 'here' });
      const there = await other.control.createRoom('twin', { title: 'there' });
      const [a, b] = await Promise.all([resolve(user('twin')), resolve(user('twin'), null, testClient(other.url))]);
      expect([a, b]).toMatchObject([
        { room_id: here.room_id, title: 'here' },
        { room_id: there.room_id, title: 'there' },
      ]);
    } finally {
      await other.close();
    }
  });
});

describe('short links', () => {
  test('lead to a user’s room', async () => {
    const { room_id } = await control.createRoom('carol');
    for (const location of ['/@carol/live?_t=1', 'https://www.tiktok.com/@carol/live?_r=1', 'https://m.tiktok.com/@carol']) {
      expect(await resolve(await shortLink('ZMcarol', location))).toMatchObject({ room_id, username: 'carol' });
    }
  });

  test('lead to a room by its id, as the app shares it', async () => {
    const { room_id } = await control.createRoom('dave');
    expect(await resolve(await shortLink('ZMdave', `https://m.tiktok.com/share/live/${room_id}/?lang=de`))).toMatchObject({
      room_id,
      username: 'dave',
    });
  });

  test('may lead through other short links, five at most', async () => {
    await control.createRoom('erin');
    for (let hop = 1; hop < 6; hop++) await shortLink(`hop${hop}`, `https://vt.tiktok.com/hop${hop + 1}/`);
    const last = await shortLink('hop6', '/@erin/live');
    expect(await resolve(last)).toMatchObject({ username: 'erin' });
    expect(await resolve(await shortLink('hop2'))).toMatchObject({ username: 'erin' });
    await expect(resolve(await shortLink('hop1'))).rejects.toMatchObject({
      code: 'short_link_unresolved',
      detail: 'more than 5 redirects',
    });
  });

  test.each([
    'https://evil.example/@carol/live',
    'http://www.tiktok.com/@carol/live',
    'https://www.tiktok.com:8443/@carol/live',
    'https://www.tiktok.com@evil.example/@carol/live',
    'https://nottiktok.com/@carol/live',
    'http://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
  ])('a redirect to %s is not followed', async (location) => {
    await expect(resolve(await shortLink('ZMbad', location))).rejects.toMatchObject({
      code: 'short_link_unresolved',
      detail: 'a redirect away from TikTok',
    });
  });

  test('one that nobody made, or that leads to no LIVE, is unresolved', async () => {
    await expect(resolve(await shortLink('ZMnobodyMade'))).rejects.toMatchObject({ code: 'short_link_unresolved', permanent: true });
    await expect(resolve(await shortLink('ZMhome', 'https://www.tiktok.com/foryou'))).rejects.toMatchObject({
      code: 'short_link_unresolved',
    });
  });
});
