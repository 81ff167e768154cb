import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { signToken } from '../../db/signed-token.ts';
import { newStreamKey } from '../../db/stream-key.ts';
import { newId } from '../../db/ids.ts';
import { signPullToken } from '../../workers/media/pull-token.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';
import { seedStream, type SeededStream } from '../helpers/streams.ts';
import { seedWorkspace } from '../helpers/seed.ts';

const SECRET = 'a secret of media servers';
const NOW_S = (): number => Math.floor(Date.now() / 1_000);
let api: TestApi;
let stream: SeededStream;
let clients = 0;
beforeAll(async () => {
  api = await createTestApi();
  Object.assign(api.deps.config.streaming, { eventSecret: SECRET, eventAddresses: ['192.0.2.0/24', '2001:db8::7'] });
});
afterAll(() => api.close());
beforeEach(async () => {
  stream = await seedStream(api.database.db, await seedWorkspace(api.database.db));
  api.temporal.calls.length = 0;
});

const hmac = (text: string): string => createHmac('sha256', SECRET).update(text).digest('hex');
const client = (): string => String(++clients);

async function post(body: string, { headers = {}, query = '', address }: { headers?: Record<string, string>; query?: string; address?: string } = {}) {
  const env = address ? { incoming: { socket: { remoteAddress: address } } } : {};
  const response = await api.app.request(`/webhook/stream-event${query}`, { method: 'POST', body, headers }, env);
  const text = await response.text();
  return { status: response.status, location: response.headers.get('location'), body: (text ? JSON.parse(text) : null) as { code?: unknown; detail?: string } | null };
}
/** As nginx-rtmp sends it. */
const form = (fields: Record<string, string>) => {
  const body = new URLSearchParams({ app: 'live', flashver: 'FMLE/3.0', swfurl: '', tcurl: 'rtmp://nginx:1935/live', pageurl: '', addr: '203.0.113.9', ...fields }).toString();
  return post(body, { headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-signature': hmac(body) } });
};
/** As nginx-rtmp sends it where the client's URL has something behind the question mark: raw, behind nginx's own fields. */
const formWithArgs = (fields: Record<string, string>, args: string) => {
  const body = `${new URLSearchParams({ app: 'live', tcurl: 'rtmp://nginx:1935/live', clientid: client(), ...fields }).toString()}&${args}`;
  return post(body, { headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-signature': hmac(body) } });
};
const json = (fields: object) => {
  const body = JSON.stringify(fields);
  return post(body, { headers: { 'content-type': 'application/json', 'x-signature': `sha256=${hmac(body)}` } });
};
const publish = (clientid = client(), name = stream.key) => form({ call: 'publish', name, type: 'live', clientid });
const done = (clientid: string, name = stream.id) => form({ call: 'publish_done', name, clientid });
const announced = () => api.temporal.calls.filter(({ name }) => name === 'announcePublish').map(({ args }) => args[1] as { announcement_id: string; key_version: number });
const events = () => api.database.db.selectFrom('stream_events').selectAll().where('stream_id', '=', stream.id).orderBy('received_at').orderBy('id').execute();
const session = async (kind: 'rtmp_pull' | 'whip', over = {}): Promise<string> => {
  const id = newId();
  const { epoch } = await api.database.db.selectFrom('stream_sessions').select(({ fn }) => fn.countAll<number>().as('epoch')).where('stream_id', '=', stream.id).executeTakeFirstOrThrow();
  await api.database.db.insertInto('stream_sessions').values({ id, stream_id: stream.id, epoch: epoch + 1, kind, host_id: 'h', key_version: 1, ...over }).execute();
  return id;
};
const endOf = async (id: string) => (await api.database.db.selectFrom('stream_sessions').select('end_reason').where('id', '=', id).executeTakeFirstOrThrow()).end_reason;

describe('A publisher', () => {
  test('with the key is let in: nginx-rtmp is told the stream’s id, and a media host to fetch it', async () => {
    expect(await publish('7')).toEqual({ status: 302, location: stream.id, body: null });
    expect(announced()).toHaveLength(1);
    const [kept] = await events();
    expect(kept).toMatchObject({ event: 'on_publish', client_id: '7', media_server: 'rtmp://nginx:1935/live', outcome: 'announced', times_received: 1 });
    expect(announced()[0]).toMatchObject({ announcement_id: kept!.id, key_version: 1 });
    expect(JSON.stringify(kept) + api.log()).not.toContain(stream.key);
  });

  test.each([
    ['ours', () => ({ event: 'on_publish', key: stream.key, client_id: client() })],
    ['SRS’s', () => ({ action: 'on_publish', client_id: client(), ip: '203.0.113.9', vhost: '__defaultVhost__', app: 'live', stream: 'show', param: `?key=${stream.key}` })],
    ['with the key as name', () => ({ event: 'on_publish', name: stream.key, clientid: client() })],
  ])('is let in by JSON: %s', async (_whose, body) => {
    expect(await json(body())).toMatchObject({ status: 200, body: { code: 0, stream_id: stream.id } });
    expect(announced()).toHaveLength(1);
    expect(JSON.stringify(await events())).not.toContain(stream.key);
  });

  test.each([
    ['an unknown key', () => newStreamKey(), 'stream_key_unknown'],
    ['the stream’s id, which is no secret', () => stream.id, 'stream_key_unknown'],
    ['no key', () => '', 'forbidden'],
    ['something that is no key', () => "x'; drop table streams; --", 'stream_key_unknown'],
  ])('with %s is turned away', async (_what, name, code) => {
    const { status, body } = await publish(client(), name());
    expect([status, body?.code]).toEqual([403, code]);
    expect(announced()).toEqual([]);
  });

  test('with a key that was rotated, to a stream that is over, and beside another encoder is turned away', async () => {
    const old = stream.key;
    await api.database.db.updateTable('streams').set({ stream_key_hash: 'another' }).where('id', '=', stream.id).execute();
    expect((await publish(client(), old)).body).toMatchObject({ code: 'stream_key_unknown' });
    stream = await seedStream(api.database.db, stream, { status: 'ended' });
    expect(await publish()).toMatchObject({ status: 403, body: { code: 'forbidden', detail: 'stream_over: This stream is over: make a new one.' } });
    stream = await seedStream(api.database.db, stream);
    const whip = await session('whip');
    expect(await publish()).toMatchObject({ status: 403, body: { detail: expect.stringMatching(/^stream_busy/) as unknown as string } });
    await api.database.db.updateTable('stream_sessions').set({ last_media_at: new Date(Date.now() - 60_000) }).where('id', '=', whip).execute();
    expect((await publish()).status).toBe(302);
    expect((await events()).map(({ outcome }) => outcome)).toEqual(['refused: stream_busy', 'announced']);
  });

  test.each(['call=x', 'call=publish_done', 'event=x&action=x', '__proto__=x&constructor=x', 'call=play&call=x'])('can’t make its publishing something else by what its URL has behind the question mark: %s', async (args) => {
    expect(await formWithArgs({ call: 'publish', name: stream.id, type: 'live' }, args)).toMatchObject({ status: 403, body: { code: 'stream_key_unknown' } });
    expect(announced()).toEqual([]);
  });

  test('with a key may publish under no other stream’s id', async () => {
    const other = await seedStream(api.database.db, stream);
    const refused = { status: 403, body: { code: 'forbidden' } };
    expect(await formWithArgs({ call: 'publish', name: other.id, type: 'live' }, `key=${stream.key}`)).toMatchObject(refused);
    expect(await json({ action: 'on_publish', client_id: client(), stream: other.id, param: `?key=${stream.key}` })).toMatchObject(refused);
    expect(await json({ event: 'on_publish', client_id: client(), stream_id: newId(), key: stream.key })).toMatchObject(refused);
    expect(announced()).toEqual([]);
    expect(await formWithArgs({ call: 'publish', name: stream.id, type: 'live' }, `key=${stream.key}`)).toMatchObject({ status: 302, location: stream.id });
    expect(await json({ action: 'on_publish', client_id: client(), stream: stream.id, param: `?key=${stream.key}` })).toMatchObject({ status: 200, body: { stream_id: stream.id } });
  });

  test('that is told of twice is one announcement', async () => {
    const id = client();
    await publish(id);
    await publish(id);
    await json({ event: 'on_publish', key: stream.key, event_id: 'e-1', media_server: 'edge' });
    await json({ event: 'on_publish', key: stream.key, event_id: 'e-1', media_server: 'edge' });
    expect(new Set(announced().map(({ announcement_id }) => announcement_id)).size).toBe(2);
    expect((await events()).map(({ times_received }) => times_received)).toEqual([2, 2]);
  });

  test('that comes again after its goodbye is another announcement, under the same client’s number', async () => {
    const id = client();
    await publish(id);
    await done(id);
    await publish(id);
    expect(new Set(announced().map(({ announcement_id }) => announcement_id)).size).toBe(2);
  });
});

describe('A goodbye', () => {
  test('ends the session that was fetched from there, whichever name it uses, and a repeat ends nothing', async () => {
    const id = client();
    await publish(id);
    const first = await session('rtmp_pull');
    expect(await done(id)).toMatchObject({ status: 200, body: { code: 0, stream_id: stream.id } });
    expect(await endOf(first)).toBe('closed');
    const again = client();
    await publish(again);
    const second = await session('rtmp_pull');
    expect((await done(again, stream.key)).status).toBe(200);
    expect(await endOf(second)).toBe('closed');
    expect((await done(again)).status).toBe(200);
  });

  test('of a client before the present one, of a player, of another server, and of nobody ends nothing', async () => {
    const [old, present] = [client(), client()];
    await publish(old);
    await publish(present);
    const held = await session('rtmp_pull');
    await done(old);
    await form({ call: 'done', name: stream.id, clientid: client() });
    await form({ call: 'publish_done', name: stream.id, clientid: present, tcurl: 'rtmp://other/live' });
    await done('');
    expect(await endOf(held)).toBeNull();
    const whip = await seedStream(api.database.db, stream);
    expect((await done(present, whip.id)).status).toBe(200);
    expect((await done(present, newId())).status).toBe(200);
    await done(present);
    expect(await endOf(held)).toBe('closed');
  });

  test('is about the stream that was published, not about one whose key its client names', async () => {
    const id = client();
    await publish(id);
    const held = await session('rtmp_pull');
    const other = await seedStream(api.database.db, stream);
    expect((await json({ action: 'on_unpublish', client_id: id, tcurl: 'rtmp://nginx:1935/live', stream: other.id, param: `?key=${stream.key}` })).body).toMatchObject({ stream_id: other.id });
    expect(await endOf(held)).toBeNull();
  });

  test('does not touch an encoder that publishes to us itself', async () => {
    const id = client();
    await publish(id);
    const whip = await session('whip');
    await done(id);
    expect(await endOf(whip)).toBeNull();
  });
});

describe('A player', () => {
  const play = (fields: Record<string, string> = {}) => form({ call: 'play', name: stream.id, clientid: client(), ...fields });

  test('may see what is public, and what is private with a token', async () => {
    expect((await play()).status).toBe(200);
    await api.database.db.updateTable('streams').set({ visibility: 'private' }).where('id', '=', stream.id).execute();
    expect(await play()).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    const token = await signToken('play', stream.id, api.deps.config.jwtSecret, 60);
    expect((await play({ token })).status).toBe(200);
    expect((await json({ action: 'on_play', stream: stream.id, client_id: 'p', param: `?token=${token}` })).status).toBe(200);
    expect((await play({ token: await signToken('play', newId(), api.deps.config.jwtSecret, 60) })).status).toBe(403);
    expect((await play({ name: newId() })).status).toBe(403);
    expect((await play({ name: stream.key })).status).toBe(403);
    expect(JSON.stringify(await events())).not.toContain(token);
  });

  test('may not see what is private by what its URL has behind the question mark', async () => {
    const open = await seedStream(api.database.db, stream);
    await api.database.db.updateTable('streams').set({ visibility: 'private' }).where('id', '=', stream.id).execute();
    for (const args of ['call=x', 'call=connect', `name=${open.id}`, `key=${open.id}`, `stream_id=${open.id}`, `key=${open.key}`, `key=${stream.key}`]) {
      expect([args, (await formWithArgs({ call: 'play', name: stream.id }, args)).status]).toEqual([args, 403]);
    }
    expect((await json({ action: 'on_play', stream: stream.id, client_id: 'p', param: `?key=${open.id}` })).status).toBe(403);
  });

  test('may see what is private with the token that a media host fetches it by', async () => {
    await api.database.db.updateTable('streams').set({ visibility: 'private' }).where('id', '=', stream.id).execute();
    expect((await formWithArgs({ call: 'play', name: stream.id }, `token=${await signPullToken(stream.id, api.deps.config.jwtSecret)}`)).status).toBe(200);
    expect((await formWithArgs({ call: 'play', name: stream.id }, `token=${await signPullToken(newId(), api.deps.config.jwtSecret)}`)).status).toBe(403);
    expect((await formWithArgs({ call: 'play', name: stream.id }, `token=${await signPullToken(stream.id, api.deps.config.jwtSecret, NOW_S() - 61)}`)).status).toBe(403);
  });
});

test('a publisher whose stream is over meanwhile is told so when its server asks again', async () => {
  expect((await form({ call: 'update_publish', name: stream.id, clientid: '1' })).status).toBe(200);
  await api.database.db.updateTable('streams').set({ status: 'ending' }).where('id', '=', stream.id).execute();
  expect((await form({ call: 'update_publish', name: stream.id, clientid: '1' })).status).toBe(403);
});

test.each([
  ['as name', (key: string) => ['', { name: key }] as const],
  ['behind the question mark', (key: string, id: string) => [`key=${key}`, { name: id }] as const],
])('a publisher whose key was rotated meanwhile is told so when its server asks again: %s', async (_where, told) => {
  const [args, fields] = told(stream.key, stream.id);
  const ask = () => formWithArgs({ call: 'update_publish', ...fields }, args);
  expect(await ask()).toMatchObject({ status: 200, body: { stream_id: stream.id } });
  await api.database.db.updateTable('streams').set({ stream_key_hash: `rotated ${stream.id}` }).where('id', '=', stream.id).execute();
  expect(await ask()).toMatchObject({ status: 403, body: { code: 'stream_key_unknown' } });
});

test('that somebody goes on playing is no news', async () => {
  expect((await form({ call: 'update_play', name: stream.id, clientid: '1' })).status).toBe(200);
  expect(await events()).toEqual([]);
});

describe('Whoever tells', () => {
  const body = 'call=connect&app=live';
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const refused = { status: 403, body: { code: 'stream_event_refused' } };

  test('signs the body, with a time or without', async () => {
    expect((await post(body, { headers: { ...type, 'x-signature': hmac(body) } })).status).toBe(200);
    const at = String(NOW_S());
    expect((await post(body, { headers: { ...type, 'x-timestamp': at, 'x-signature': hmac(`${at}.${body}`) } })).status).toBe(200);
    expect(await post(body, { headers: { ...type, 'x-timestamp': at, 'x-signature': hmac(body) } })).toMatchObject(refused);
    const old = String(NOW_S() - 301);
    expect(await post(body, { headers: { ...type, 'x-timestamp': old, 'x-signature': hmac(`${old}.${body}`) } })).toMatchObject(refused);
    // Its signature is also that of a body which has the time in it.
    expect(await post(`${old}.${body}`, { headers: { ...type, 'x-signature': hmac(`${old}.${body}`) } })).toMatchObject(refused);
    for (const wrong of ['', 'abc', hmac(`${body} `), hmac(body).slice(1), 'ß'.repeat(64)]) {
      expect(await post(body, { headers: { ...type, 'x-signature': Buffer.from(wrong, 'utf8').toString('latin1') } })).toMatchObject(refused);
    }
    // A wrong signature is not made good by the address.
    expect(await post(body, { headers: { ...type, 'x-signature': hmac('other') }, address: '192.0.2.9' })).toMatchObject(refused);
  });

  test('or comes by a URL that we signed', async () => {
    const query = (expires: number, signature = hmac(`stream-event:${expires}`)): string => `?expires=${expires}&signature=${signature}`;
    expect((await post(body, { headers: type, query: query(NOW_S() + 60) })).status).toBe(200);
    expect(await post(body, { headers: type, query: query(NOW_S() - 1) })).toMatchObject(refused);
    expect(await post(body, { headers: type, query: query(NOW_S() + 60, hmac('other')) })).toMatchObject(refused);
    expect(await post(body, { headers: type, query: `?expires=${NOW_S() + 60}` })).toMatchObject(refused);
  });

  test('or comes from an address that is allowed', async () => {
    for (const address of ['192.0.2.200', '::ffff:192.0.2.1', '2001:db8::7']) expect((await post(body, { headers: type, address })).status).toBe(200);
    for (const address of ['192.0.3.1', '2001:db8::8', undefined]) expect(await post(body, { headers: type, address })).toMatchObject(refused);
    expect(await post(body, { headers: { ...type, 'x-forwarded-for': '192.0.2.1' }, address: '203.0.113.1' })).toMatchObject(refused);
  });

  test('sends what can be read', async () => {
    const signed = (text: string, contentType: string) => post(text, { headers: { 'content-type': contentType, 'x-signature': hmac(text) } });
    expect((await signed('{', 'application/json')).status).toBe(400);
    expect((await signed('[1]', 'application/json')).status).toBe(400);
    expect((await signed('{}', 'application/json')).status).toBe(422);
    expect((await signed('hello', 'text/plain')).status).toBe(415);
    expect((await signed('x'.repeat(65_537), 'application/x-www-form-urlencoded')).status).toBe(413);
    expect((await json({ event: 'on_publish', key: { a: 1 }, name: `${'\0'}` })).status).toBe(403);
  });
});
