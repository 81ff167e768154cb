import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { sign } from 'hono/jwt';
import { issueToken } from '../../api/auth.ts';
import { issuePlayToken } from '../../api/play-token.ts';
import type { HandshakeRefusal } from '../../api/chat/handshake.ts';
import { openDb } from '../../db/client.ts';
import { signToken } from '../../db/signed-token.ts';
import { ask, closeClients, connectChat, Ears, joinChat, okay, openChat, say, seedStream, startChat, type ChatProcess } from '../helpers/chat.ts';
import { eventually } from '../helpers/eventually.ts';
import { appUser, type TestAppUser } from '../helpers/social.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

const REDIS = process.env.TEST_REDIS_URL ?? null;

let api: TestApi;
let owner: Person;
let ada: Person;
let bob: Person;
beforeAll(async () => {
  if (!REDIS) throw new Error('Redis is needed: TEST_REDIS_URL');
  api = await createTestApi();
  [owner, ada, bob] = await Promise.all([api.person(), api.person(), api.person()]);
});
afterEach(closeClients);
afterAll(() => api.close());

const refused = (url: string, token: string | undefined, options: object = {}): Promise<HandshakeRefusal> =>
  new Promise((resolve, reject) => {
    const client = openChat(url, token, options);
    client.once('connect', () => reject(new Error('it was let in')));
    client.once('connect_error', (error) => resolve((error as Error & { data: HandshakeRefusal }).data));
  });

describe('A handshake', () => {
  let chat: ChatProcess;
  beforeAll(async () => {
    chat = await startChat(api);
  });
  afterAll(() => chat.close());
  const nowS = (): number => Math.floor(Date.now() / 1_000);

  test('without a token, with one that is over, and with one that is none is refused with the reason', async () => {
    const { jwtSecret } = api.deps.config;
    expect(await refused(chat.url, undefined)).toMatchObject({ code: 'unauthenticated', reason: 'missing' });
    expect(await refused(chat.url, await issueToken(ada.user_id, api.deps.config, nowS() - 4_000))).toMatchObject({ code: 'token_expired', reason: 'expired' });
    expect(await refused(chat.url, 'nonsense')).toMatchObject({ code: 'unauthenticated', reason: 'invalid' });
    expect(await refused(chat.url, await sign({ sub: ada.user_id, iss: 'showrunner', exp: nowS() + 60 }, 'another secret', 'HS256'))).toMatchObject({ reason: 'invalid' });
    expect(await refused(chat.url, await sign({ sub: ada.user_id, iss: 'showrunner-play', exp: nowS() + 60 }, jwtSecret, 'HS256'))).toMatchObject({ reason: 'invalid' });
    expect(await refused(chat.url, await sign({ sub: ada.user_id, iss: 'showrunner' }, jwtSecret, 'HS256'))).toMatchObject({ reason: 'invalid' });
    expect(await refused(chat.url, undefined, { auth: { token: { toString: 'x' } } })).toMatchObject({ reason: 'missing' });
  });

  test('by the query, and by polling, is let in', async () => {
    const stream = await seedStream(api, owner);
    const client = openChat(chat.url, undefined, { query: { token: ada.token }, transports: ['polling'] });
    await new Promise<void>((resolve) => client.once('connect', resolve));
    okay(await ask({ client }, 'join', { stream_id: stream }));
    await say(new Ears(client), stream, 'by polling');
  });

  test('whose token ends while it is open is told so, and cut', async () => {
    const ears = await connectChat(chat.url, await issueToken(ada.user_id, api.deps.config, nowS() - api.deps.config.jwtTtlS + 6));
    const why = await new Promise((resolve) => ears.client.once('disconnect', resolve));
    expect(why).toBe('io server disconnect');
    expect(ears.told('closing')).toEqual([{ code: 'token_expired', message: expect.any(String), reconnect: false }]);
  });

  test('takes so many sockets of one user and no more', async () => {
    const small = await startChat(api, { limits: { sockets_per_user: 2 } });
    const [first] = await Promise.all([connectChat(small.url, ada.token), connectChat(small.url, ada.token)]);
    expect(await refused(small.url, ada.token)).toMatchObject({ code: 'rate_limited' });
    first.client.disconnect();
    await eventually(() => connectChat(small.url, ada.token));
    await small.close();
  });
});

describe('A socket', () => {
  let chat: ChatProcess;
  beforeAll(async () => {
    chat = await startChat(api, { limits: { burst: 1_000 } });
  });
  afterAll(() => chat.close());

  test('joins what its user may watch, and learns nothing of the rest', async () => {
    const [open, closed] = await Promise.all([seedStream(api, owner), seedStream(api, owner, { visibility: 'private' })]);
    const member = await api.person('warehouse', owner.workspace_id);
    const a = await joinChat(chat.url, ada.token, open);
    for (const stream_id of [closed, ada.user_id]) expect(await ask(a, 'join', { stream_id })).toMatchObject({ ok: false, code: 'not_found' });
    expect(await ask(a, 'join', { stream_id: 'x' })).toMatchObject({ ok: false, code: 'validation_failed' });
    expect(await ask(a, 'chat_message', { stream_id: closed, message: 'hi' })).toMatchObject({ ok: false, code: 'chat_not_joined' });
    await joinChat(chat.url, member.token, closed);
    const { token } = await issuePlayToken(closed, api.deps.config);
    expect(await ask(a, 'join', { stream_id: closed, token: (await issuePlayToken(open, api.deps.config)).token })).toMatchObject({ code: 'not_found' });
    expect(await ask(a, 'join', { stream_id: closed, token: (await issuePlayToken(closed, api.deps.config, new Date(Date.now() - 7_200_000))).token })).toMatchObject({ code: 'token_expired' });
    okay(await ask(a, 'join', { stream_id: closed, token }));
    await say(a, closed, 'let in by a link');
  });

  test('is in a chat by a play token beside another of its user, and a ban cuts both', async () => {
    const stream = await seedStream(api, owner, { visibility: 'private' });
    const { token } = await issuePlayToken(stream, api.deps.config);
    const boss = await joinChat(chat.url, owner.token, stream);
    const [first, second] = await Promise.all([connectChat(chat.url, ada.token), connectChat(chat.url, ada.token)]);
    for (const ears of [first, second]) {
      okay(await ask(ears, 'join', { stream_id: stream, token }));
      await say(ears, stream, 'let in by a link');
    }
    expect(second.told('closed')).toEqual([]);
    const cut = Promise.all([first, second].map(({ client }) => new Promise((resolve) => client.once('disconnect', resolve))));
    okay(await ask(boss, 'moderate', { stream_id: stream, user_id: ada.user_id, kind: 'ban', seconds: 600 }));
    expect(await cut).toEqual(['io server disconnect', 'io server disconnect']);
  });

  test('that leaves while it joins is out, hears nothing, and does not get past a ban', async () => {
    const stream = await seedStream(api, owner);
    const [boss, a] = await Promise.all([joinChat(chat.url, owner.token, stream), connectChat(chat.url, ada.token)]);
    const [, left] = await Promise.all([ask(a, 'join', { stream_id: stream }), ask(a, 'leave', { stream_id: stream })]);
    okay(left);
    await say(boss, stream, 'not for those who left');
    expect(await ask(a, 'chat_message', { stream_id: stream, message: 'hi' })).toMatchObject({ ok: false, code: 'chat_not_joined' });
    okay(await ask(boss, 'moderate', { stream_id: stream, user_id: ada.user_id, kind: 'ban', seconds: 600 }));
    await say(boss, stream, 'nor for the banned');
    expect(await ask(a, 'join', { stream_id: stream })).toMatchObject({ ok: false, code: 'chat_banned' });
    expect(a.texts).toEqual([]);
  });

  test('that leaves and joins at once is in: what was asked for last holds', async () => {
    const stream = await seedStream(api, owner, { visibility: 'private' });
    const { token } = await issuePlayToken(stream, api.deps.config);
    const a = await connectChat(chat.url, ada.token);
    const [refusal, , joined] = await Promise.all([ask(a, 'join', { stream_id: stream }), ask(a, 'leave', { stream_id: stream }), ask(a, 'join', { stream_id: stream, token })]);
    expect(refusal).toMatchObject({ ok: false, code: 'not_found' });
    okay(joined);
    await say(a, stream, 'in');
    expect(a.texts).toEqual(['in']);
  });

  test('whose next join is refused is out of the chat', async () => {
    const stream = await seedStream(api, owner, { visibility: 'private' });
    const { token } = await issuePlayToken(stream, api.deps.config);
    const [boss, a] = await Promise.all([joinChat(chat.url, owner.token, stream), connectChat(chat.url, ada.token)]);
    okay(await ask(a, 'join', { stream_id: stream, token }));
    expect(await ask(a, 'join', { stream_id: stream })).toMatchObject({ ok: false, code: 'not_found' });
    await say(boss, stream, 'not for those without a token');
    expect(await ask(a, 'chat_message', { stream_id: stream, message: 'hi' })).toMatchObject({ ok: false, code: 'chat_not_joined' });
    expect(a.texts).toEqual([]);
  });

  test('writes nothing into a chat while it is looked at whether it may join', async () => {
    const stream = await seedStream(api, owner, { visibility: 'private' });
    const [boss, a] = await Promise.all([joinChat(chat.url, owner.token, stream), connectChat(chat.url, ada.token)]);
    let isAnswered = false;
    const joining = ask(a, 'join', { stream_id: stream }).finally(() => (isAnswered = true));
    while (!isAnswered) expect(await ask(a, 'chat_message', { stream_id: stream, message: 'hi' })).toMatchObject({ ok: false, code: 'chat_not_joined' });
    expect(await joining).toMatchObject({ ok: false, code: 'not_found' });
    expect(okay(await ask(boss, 'join', { stream_id: stream })).messages).toEqual([]);
  });

  test('is who its token says, whatever its messages claim; what it writes is text', async () => {
    const stream = await seedStream(api, owner);
    const a = await joinChat(chat.url, ada.token, stream);
    const script = '<script>alert("1")</script><img src=x onerror=alert(1)>';
    const stored = await say(a, stream, `  ${script}\u202E \0 `, { user_id: owner.user_id, user_name: 'The owner', position: 99, id: owner.user_id, deleted: true });
    expect(stored).toMatchObject({ user_id: ada.user_id, user_name: 'Test', message: script, position: 1, deleted: false });
    for (const message of ['', '   \u200B ', 'x'.repeat(501), 7, null, { a: 1 }]) expect(await ask(a, 'chat_message', { stream_id: stream, message })).toMatchObject({ ok: false, code: 'chat_message_invalid' });
    expect((await say(a, stream, '😀'.repeat(500))).message).toHaveLength(1_000);
  });

  test('that sends 1 MB is cut, and nobody else notices', async () => {
    const stream = await seedStream(api, owner);
    const [a, b] = await Promise.all([joinChat(chat.url, ada.token, stream), joinChat(chat.url, bob.token, stream)]);
    const cut = new Promise((resolve) => a.client.once('disconnect', resolve));
    a.client.emit('chat_message', { stream_id: stream, message: 'x'.repeat(1_000_000) }, () => undefined);
    expect(await cut).toMatch(/transport/);
    await say(b, stream, 'still here');
    expect(b.texts).toEqual(['still here']);
    const polling = openChat(chat.url, ada.token, { transports: ['polling'] });
    await new Promise<void>((resolve) => polling.once('connect', resolve));
    const cutToo = new Promise((resolve) => polling.once('disconnect', resolve));
    polling.emit('chat_message', { stream_id: stream, message: 'x'.repeat(1_000_000) }, () => undefined);
    expect(await cutToo).toMatch(/transport/);
  });

  test('that sends 1,000 messages in a second has five taken; the rest is refused, and the others are served meanwhile', async () => {
    const usual = await startChat(api);
    const stream = await seedStream(api, owner);
    const [a, again, b] = await Promise.all([joinChat(usual.url, ada.token, stream), joinChat(usual.url, ada.token, stream), joinChat(usual.url, bob.token, stream)]);
    const flood = Promise.all(Array.from({ length: 1_000 }, (_, index) => ask(index % 2 ? a : again, 'chat_message', { stream_id: stream, message: `flood ${index}` })));
    const startedAt = Date.now();
    await say(b, stream, 'in between');
    expect(Date.now() - startedAt).toBeLessThan(5_000);
    const answers = await flood;
    const taken = answers.filter(({ ok }) => ok).length;
    expect(taken).toBeGreaterThanOrEqual(5);
    expect(taken).toBeLessThan(20);
    expect(new Set(answers.flatMap((answer) => (answer.ok ? [] : [answer.code])))).toEqual(new Set(['chat_burst']));
    expect(await usual.metrics.registry.metrics()).toMatch(/showrunner_chat_refused_total\{code="chat_burst"\} 9\d\d/);
    await eventually(() => b.texts.filter((text) => text.startsWith('flood')).length === taken);
    await usual.close();
  });

  test('takes nonsense without harm', async () => {
    const stream = await seedStream(api, owner);
    const a = await joinChat(chat.url, ada.token, stream);
    const emit = a.client.emit.bind(a.client) as (...args: unknown[]) => unknown;
    emit('join');
    emit('join', null, 'not a function');
    emit('chat_message');
    emit('typing', 7);
    emit('moderate', { stream_id: stream }, 3);
    emit('no_such_event', { a: 1 });
    emit('chat_message', { stream_id: stream, message: 'x' }, { not: 'a function' });
    emit('join', new Uint8Array(100), () => undefined);
    expect(await ask(a, 'moderate', { stream_id: stream, user_id: bob.user_id, kind: 'exile', seconds: 1 })).toMatchObject({ ok: false, code: 'validation_failed', message: expect.stringContaining('kind') });
    expect(await ask(a, 'chat_message', { stream_id: stream, message: 'x', client_id: 'y'.repeat(65) })).toMatchObject({ code: 'validation_failed' });
  });

  test('asks so often and no more', async () => {
    const few = await startChat(api, { limits: { commands: 3 } });
    const stream = await seedStream(api, owner);
    const a = await joinChat(few.url, ada.token, stream);
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(a, 'leave', { stream_id: stream })));
    expect(answers.map((answer) => (answer.ok ? 'ok' : answer.code))).toEqual(['ok', 'ok', 'rate_limited', 'rate_limited', 'rate_limited']);
    await few.close();
  });
});

describe('A drop', () => {
  /** Cuts the line under a client, as a lost network does. */
  const cutLine = (ears: Ears): void => {
    (ears.client.io.engine.transport as unknown as { ws: { close(): void } }).ws.close();
  };
  const reconnecting = { reconnection: true, reconnectionDelay: 300, reconnectionDelayMax: 300, randomizationFactor: 0 };

  test.each([
    ['of one process alone', false],
    ['onto another process', true],
  ])('of the line is made up for, %s: nothing is missed and nothing comes twice', async (_name, shared) => {
    const options = { redisUrl: shared ? REDIS : null, limits: { burst: 10_000, commands: 10_000 } };
    const processes = shared ? await Promise.all([startChat(api, options), startChat(api, options)]) : [await startChat(api, options)];
    const stream = await seedStream(api, owner);
    const a = await joinChat(processes[0]!.url, ada.token, stream, reconnecting);
    const b = await joinChat(processes.at(-1)!.url, bob.token, stream);
    const first = await say(b, stream, 'before');
    await eventually(() => a.messages.length === 1);
    const lost = new Promise((resolve) => a.client.once('disconnect', resolve));
    const back = new Promise<void>((resolve) => a.client.once('connect', resolve));
    cutLine(a);
    await lost;
    Object.assign(a.client.io, { uri: processes.at(-1)!.url });
    okay(await ask(b, 'delete_message', { stream_id: stream, message_id: first.id }));
    // Messages come without a pause, so some come in the very moment of the recovery.
    let isBack = false;
    const writing = (async () => {
      let count = 0;
      for (let left = 10; left > 0 && count < 5_000; left -= isBack ? 1 : 0) await Promise.all([say(b, stream, `during ${(count += 1)}`), say(b, stream, `during ${(count += 1)}`)]);
      return count;
    })();
    await back.then(() => (isBack = true));
    expect(a.client.recovered).toBe(true);
    const total = (await writing) + 2;
    await say(a, stream, 'after');
    await eventually(() => a.texts.includes('after') && a.messages.length >= total);
    expect(a.messages.map(({ position }) => position).sort((left, right) => left - right)).toEqual(Array.from({ length: total }, (_, index) => index + 1));
    await eventually(() => a.told<{ message_id: string }>('message_deleted').some(({ message_id }) => message_id === first.id));
    await Promise.all(processes.map((process) => process.close()));
  });

  test('during which its user is banned does not let them back in, nor see what came meanwhile', async () => {
    const chat = await startChat(api, { redisUrl: REDIS });
    const stream = await seedStream(api, owner);
    const [boss, a] = await Promise.all([joinChat(chat.url, owner.token, stream), joinChat(chat.url, ada.token, stream, reconnecting)]);
    await say(boss, stream, 'before');
    await eventually(() => a.messages.length === 1);
    const lost = new Promise((resolve) => a.client.once('disconnect', resolve));
    const back = new Promise<void>((resolve) => a.client.once('connect', resolve));
    cutLine(a);
    await lost;
    okay(await ask(boss, 'moderate', { stream_id: stream, user_id: ada.user_id, kind: 'ban', seconds: 600 }));
    await say(boss, stream, 'secret');
    await back;
    expect(a.client.recovered).toBe(false);
    expect(await ask(a, 'join', { stream_id: stream })).toMatchObject({ ok: false, code: 'chat_banned' });
    expect(a.texts).toEqual(['before']);
    await chat.close();
  });

  test.each<[string, number, (user: TestAppUser) => Promise<unknown>]>([
    ['user is suspended', 3_600, (user) => api.deps.db.updateTable('app_users').set({ suspended_at: new Date(), suspension_reason: 'spam' }).where('id', '=', user.id).execute()],
    ['token ends', 10, () => Promise.resolve()],
  ])('during which its %s gives out nothing of what came meanwhile', async (_what, lastsS, happens) => {
    const chat = await startChat(api);
    const stream = await seedStream(api, owner);
    const user = await appUser(api);
    const token = await signToken('access', user.id, api.deps.config.jwtSecret, lastsS);
    const [boss, a] = await Promise.all([joinChat(chat.url, owner.token, stream), joinChat(chat.url, token, stream, { ...reconnecting, reconnectionDelay: 10_500, reconnectionDelayMax: 10_500 })]);
    // Recovery needs a first packet's offset.
    await say(boss, stream, 'before');
    await eventually(() => a.messages.length === 1);
    // What is missed comes before the handshake's answer: the client keeps it from its listeners, not from who reads the line.
    const line: string[] = [];
    a.client.io.on('packet', (packet) => line.push(JSON.stringify(packet.data ?? null)));
    const lost = new Promise((resolve) => a.client.once('disconnect', resolve));
    const refusal = new Promise<Error>((resolve) => a.client.once('connect_error', resolve));
    cutLine(a);
    await lost;
    await happens(user);
    await say(boss, stream, 'secret');
    await refusal;
    expect(line.join()).not.toContain('secret');
    await chat.close();
  });

  test('of PostgreSQL is said to who writes, seen by nobody else, and over when it is back', async () => {
    const { proxy, url } = await TcpProxy.toUrl(api.database.url, 5_432);
    const { db, pool, close } = openDb({ url, name: 'test-proxied' });
    const chat = await startChat({ ...api, deps: { ...api.deps, db } }, { pool, databaseUrl: url });
    const stream = await seedStream(api, owner);
    const [a, b] = await Promise.all([joinChat(chat.url, ada.token, stream), joinChat(chat.url, bob.token, stream)]);
    await say(a, stream, 'before', { client_id: '1' });
    proxy.cut();
    expect(await ask(a, 'chat_message', { stream_id: stream, message: 'away', client_id: '2' })).toMatchObject({ ok: false, code: 'unavailable', retry_after_ms: expect.any(Number) });
    proxy.mend();
    await eventually(async () => (await ask(b, 'chat_message', { stream_id: stream, message: 'back', client_id: '3' })).ok);
    await eventually(() => b.told('position').length > 0);
    await eventually(() => b.texts.includes('back'));
    expect(b.texts).toEqual(['before', 'back']);
    await chat.close();
    await close();
    await proxy.close();
  });

  test('of Redis leaves each process with its own, and the rest is caught up with when it is back', async () => {
    const { proxy, url } = await TcpProxy.toUrl(REDIS!, 6_379);
    const options = { limits: { burst: 10_000, commands: 10_000 } };
    const [one, two] = await Promise.all([startChat(api, { ...options, redisUrl: url }), startChat(api, { ...options, redisUrl: REDIS })]);
    const stream = await seedStream(api, owner);
    const [a, near, far] = await Promise.all([joinChat(one.url, ada.token, stream), joinChat(one.url, bob.token, stream), joinChat(two.url, bob.token, stream)]);
    await say(a, stream, 'before');
    await eventually(() => far.texts.length === 1);
    proxy.cut();
    await say(a, stream, 'away');
    await eventually(() => near.texts.length === 2);
    proxy.mend();
    const known = await eventually(() => near.told<{ position: number }>('position').at(-1));
    expect(known.position).toBe(2);
    expect(okay(await ask(far, 'join', { stream_id: stream, after: 1 })).messages.map(({ message }) => message)).toEqual(['away']);
    await eventually(async () => {
      const text = `again ${Math.random()}`;
      await say(a, stream, text);
      return eventually(() => far.texts.includes(text), { timeoutMs: 1_000 });
    });
    await Promise.all([one.close(), two.close()]);
    await proxy.close();
  });

  test('of the server is announced, and clients come again by themselves', async () => {
    const chat = await startChat(api);
    const stream = await seedStream(api, owner);
    const a = await joinChat(chat.url, ada.token, stream, reconnecting);
    const why = new Promise((resolve) => a.client.once('disconnect', resolve));
    await chat.close();
    expect(await why).toBe('transport close');
    expect(a.told('closing')).toEqual([{ code: 'unavailable', message: expect.any(String), reconnect: true }]);
    expect(a.client.active).toBe(true);
  });
});
