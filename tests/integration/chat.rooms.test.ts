import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ask, closeClients, joinChat, okay, say, seedStream, startChat, type ChatProcess } from '../helpers/chat.ts';
import { eventually } from '../helpers/eventually.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

const REDIS = process.env.TEST_REDIS_URL ?? null;
/** Moderators are not spared: a test that sends much sets limits of its own. */
const ROOMY = { burst: 10_000, commands: 10_000 };

describe('A chat over two API processes', () => {
  let api: TestApi;
  let one: ChatProcess;
  let two: ChatProcess;
  let owner: Person;
  let ada: Person;
  let bob: Person;

  beforeAll(async () => {
    if (!REDIS) throw new Error('Redis is needed: TEST_REDIS_URL');
    api = await createTestApi();
    [one, two] = await Promise.all([startChat(api, { redisUrl: REDIS, limits: ROOMY }), startChat(api, { redisUrl: REDIS, limits: ROOMY })]);
    [owner, ada, bob] = await Promise.all([api.person(), api.person(), api.person()]);
  });
  afterEach(closeClients);
  afterAll(async () => {
    await Promise.all([one.close(), two.close()]);
    await api.close();
  });

  test('brings every message to everybody, with positions without gaps, and the same to who joins later', async () => {
    const stream = await seedStream(api, owner);
    const [a, b] = await Promise.all([joinChat(one.url, ada.token, stream), joinChat(two.url, bob.token, stream)]);
    const texts = Array.from({ length: 60 }, (_, index) => `line ${index}`);
    await Promise.all(texts.map((text, index) => say(index % 2 ? a : b, stream, text)));
    await eventually(() => a.messages.length === 60 && b.messages.length === 60);
    const inOrder = (messages: typeof a.messages) => [...messages].sort((left, right) => left.position - right.position);
    expect(inOrder(a.messages)).toEqual(inOrder(b.messages));
    expect(inOrder(a.messages).map(({ position }) => position)).toEqual(texts.map((_, index) => index + 1));
    expect(a.texts.toSorted()).toEqual(texts.toSorted());
    for (const process of [one, two]) {
      const late = await joinChat(process.url, ada.token, stream);
      expect(late.joined.messages).toEqual(inOrder(a.messages).slice(10));
      expect(okay(await ask(late, 'join', { stream_id: stream, after: 0 })).messages).toEqual(inOrder(a.messages));
    }
  });

  test('gives one sender’s messages in their order', async () => {
    const stream = await seedStream(api, owner);
    const [a, b] = await Promise.all([joinChat(one.url, ada.token, stream), joinChat(two.url, bob.token, stream)]);
    const texts = Array.from({ length: 100 }, (_, index) => String(index));
    await Promise.all(texts.map((text) => say(a, stream, text)));
    await eventually(() => b.messages.length === 100);
    expect(b.texts).toEqual(texts);
    expect(a.texts).toEqual(texts);
  });

  test('gives what came after a position, a part at a time', async () => {
    const stream = await seedStream(api, owner);
    const a = await joinChat(one.url, ada.token, stream);
    await Promise.all(Array.from({ length: 250 }, (_, index) => say(a, stream, String(index))));
    const first = okay(await ask(a, 'join', { stream_id: stream, after: 10 }));
    expect([first.messages.length, first.messages[0]!.position, first.more]).toEqual([200, 11, true]);
    const rest = okay(await ask(a, 'join', { stream_id: stream, after: first.messages.at(-1)!.position }));
    expect([rest.messages.length, rest.messages.at(-1)!.position, rest.more]).toEqual([40, 250, false]);
  });

  test('knows a message that is sent again, also to the other process', async () => {
    const stream = await seedStream(api, owner);
    const [a, b] = await Promise.all([joinChat(one.url, ada.token, stream), joinChat(two.url, ada.token, stream)]);
    const sent = await Promise.all(Array.from({ length: 6 }, (_, index) => say(index % 2 ? a : b, stream, 'once', { client_id: 'c-1' })));
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect((await say(b, stream, 'next', { client_id: 'c-2' })).position).toBe(2);
    await eventually(() => a.messages.length === 2);
    expect(a.texts).toEqual(['once', 'next']);
  });

  test('counts each user once, wherever they are, and says when that changes', async () => {
    const stream = await seedStream(api, owner);
    const a = await joinChat(one.url, ada.token, stream);
    const again = await joinChat(two.url, ada.token, stream);
    const b = await joinChat(two.url, bob.token, stream);
    expect(b.joined.viewers).toBe(2);
    await eventually(() => a.told<{ viewers: number; sockets: number }>('presence').some(({ viewers, sockets }) => viewers === 2 && sockets === 3));
    again.client.disconnect();
    await eventually(() => a.told<{ viewers: number; sockets: number }>('presence').at(-1)?.sockets === 2);
    expect(a.told('presence').at(-1)).toMatchObject({ viewers: 2 });
    b.client.disconnect();
    await eventually(() => a.told('presence').at(-1)?.viewers === 1);
  });

  test('tells that somebody types, now and then, and never stores it', async () => {
    const stream = await seedStream(api, owner);
    const [a, b] = await Promise.all([joinChat(one.url, ada.token, stream), joinChat(two.url, bob.token, stream)]);
    for (let key = 0; key < 50; key += 1) a.client.emit('typing', { stream_id: stream });
    await eventually(() => b.told('typing').length > 0);
    await say(a, stream, 'done');
    await eventually(() => b.texts.includes('done'));
    expect(b.told('typing')).toEqual([{ stream_id: stream, user_id: ada.user_id, user_name: 'Test' }]);
    expect(a.told('typing')).toEqual([]);
  });

  test('takes an answer to a message of the same stream alone', async () => {
    const [stream, other] = await Promise.all([seedStream(api, owner), seedStream(api, owner)]);
    const a = await joinChat(one.url, ada.token, stream);
    await ask(a, 'join', { stream_id: other });
    const { id } = await say(a, stream, 'question');
    expect(await say(a, stream, 'answer', { reply_to: id })).toMatchObject({ reply_to: id });
    expect(await ask(a, 'chat_message', { stream_id: other, message: 'answer', reply_to: id })).toMatchObject({ ok: false, code: 'not_found' });
  });
});
