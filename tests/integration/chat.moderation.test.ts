import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { ChatRestriction } from '../../domain/contracts/chat.ts';
import { ask, closeClients, connectChat, joinChat, okay, say, seedStream, startChat, type ChatProcess } from '../helpers/chat.ts';
import { eventually } from '../helpers/eventually.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

const ROOMY = { burst: 10_000, commands: 10_000 };
const REDIS = process.env.TEST_REDIS_URL ?? null;

/** Moderation goes through PostgreSQL: it holds in all processes, with Redis and without. */
describe.each([
  ['with Redis', true],
  ['without Redis', false],
])('Moderators, over two API processes %s,', (_name, withRedis) => {
  let api: TestApi;
  let one: ChatProcess;
  let two: ChatProcess;
  let owner: Person;
  let ada: Person;
  let bob: Person;

  beforeAll(async () => {
    if (withRedis && !REDIS) throw new Error('Redis is needed: TEST_REDIS_URL');
    const options = { redisUrl: withRedis ? REDIS : null, limits: ROOMY };
    api = await createTestApi();
    [one, two] = await Promise.all([startChat(api, options), startChat(api, options)]);
    [owner, ada, bob] = await Promise.all([api.person(), api.person(), api.person()]);
  });
  afterEach(closeClients);
  afterAll(async () => {
    await Promise.all([one.close(), two.close()]);
    await api.close();
  });

  const moderate = async (moderator: Parameters<typeof ask>[0], stream_id: string, user_id: string, kind: 'mute' | 'ban', seconds: number | null = null, more: object = {}): Promise<ChatRestriction> =>
    okay(await ask(moderator, 'moderate', { stream_id, user_id, kind, seconds, ...more })).restriction;

  test('mute an open socket of the other process at once, and by user: a new login changes nothing', async () => {
    const stream = await seedStream(api, owner);
    const [boss, a] = await Promise.all([joinChat(one.url, owner.token, stream), joinChat(two.url, ada.token, stream)]);
    await say(a, stream, 'before');
    const restriction = await moderate(boss, stream, ada.user_id, 'mute', 600, { reason: 'spam' });
    expect(restriction).toMatchObject({ user_id: ada.user_id, kind: 'mute', stream_id: stream, reason: 'spam', created_by: owner.user_id });
    // Not even the moment before the notice comes is open: the storing looks, too.
    expect(await ask(a, 'chat_message', { stream_id: stream, message: 'after' })).toMatchObject({ ok: false, code: 'chat_muted' });
    await eventually(() => a.told('restricted').length > 0);
    expect(a.told('restricted')).toEqual([{ stream_id: stream, restriction }]);
    const refused = await ask(a, 'chat_message', { stream_id: stream, message: 'after' });
    expect(refused).toMatchObject({ ok: false, code: 'chat_muted', message: expect.stringContaining('spam') });
    expect((refused as { retry_after_ms: number }).retry_after_ms).toBeGreaterThan(500_000);
    const again = await joinChat(one.url, ada.token, stream);
    expect(again.joined.restriction).toEqual(restriction);
    expect(await ask(again, 'chat_message', { stream_id: stream, message: 'after' })).toMatchObject({ code: 'chat_muted' });
    expect(okay(await ask(boss, 'lift', { stream_id: stream, user_id: ada.user_id, kind: 'mute' }))).toEqual({ ok: true });
    await eventually(() => a.told('restriction_lifted').length > 0);
    await say(a, stream, 'free again');
  });

  test('ban: open sockets of all processes are cut, and nobody comes in again by another login', async () => {
    const stream = await seedStream(api, owner);
    const [boss, a, other] = await Promise.all([joinChat(one.url, owner.token, stream), joinChat(two.url, ada.token, stream), joinChat(one.url, ada.token, stream)]);
    const cut = (ears: typeof a) => new Promise((resolve) => ears.client.once('disconnect', resolve));
    const gone = Promise.all([cut(a), cut(other)]);
    await moderate(boss, stream, ada.user_id, 'ban');
    expect(await gone).toEqual(['io server disconnect', 'io server disconnect']);
    expect(a.told('closing')).toEqual([{ code: 'chat_banned', message: expect.any(String), reconnect: false }]);
    for (const { url } of [one, two]) {
      const back = await connectChat(url, ada.token);
      expect(await ask(back, 'join', { stream_id: stream })).toMatchObject({ ok: false, code: 'chat_banned' });
      expect(await ask(back, 'chat_message', { stream_id: stream, message: 'hi' })).toMatchObject({ ok: false, code: 'chat_not_joined' });
    }
    const elsewhere = await seedStream(api, owner);
    await say(await joinChat(two.url, ada.token, elsewhere), elsewhere, 'another stream is open');
  });

  test('ban from all streams of the workspace, those to come as well', async () => {
    const [stream, other] = await Promise.all([seedStream(api, owner), seedStream(api, owner)]);
    const [boss, a] = await Promise.all([joinChat(one.url, owner.token, stream), joinChat(two.url, bob.token, other)]);
    const cut = new Promise((resolve) => a.client.once('disconnect', resolve));
    await moderate(boss, stream, bob.user_id, 'ban', 600, { scope: 'workspace' });
    await cut;
    const late = await seedStream(api, owner);
    const back = await connectChat(two.url, bob.token);
    for (const stream_id of [stream, other, late]) expect(await ask(back, 'join', { stream_id })).toMatchObject({ code: 'chat_banned' });
    okay(await ask(boss, 'lift', { stream_id: late, user_id: bob.user_id, kind: 'ban' }));
    okay(await ask(back, 'join', { stream_id: late }));
  });

  test('a mute ends by itself when its time is over, though nothing lifted it', async () => {
    const stream = await seedStream(api, owner);
    const [boss, a] = await Promise.all([joinChat(one.url, owner.token, stream), joinChat(two.url, ada.token, stream)]);
    await moderate(boss, stream, ada.user_id, 'mute', 1);
    await eventually(() => a.told('restricted').length > 0);
    await eventually(async () => (await ask(a, 'chat_message', { stream_id: stream, message: 'over' })).ok);
  });

  test('restrict nobody above them, and appointed ones no other moderator', async () => {
    const stream = await seedStream(api, owner);
    const [admin, viewer] = await Promise.all([api.person('admin', owner.workspace_id), api.person()]);
    const [boss, helper, plain] = await Promise.all([joinChat(one.url, owner.token, stream), joinChat(two.url, ada.token, stream), joinChat(two.url, viewer.token, stream)]);
    expect(await ask(plain, 'moderate', { stream_id: stream, user_id: bob.user_id, kind: 'mute', seconds: 60 })).toMatchObject({ ok: false, code: 'forbidden' });
    expect(await ask(plain, 'settings', { stream_id: stream, slow_mode_s: 1 })).toMatchObject({ ok: false, code: 'forbidden' });
    expect((await api.call('PUT', `/streams/${stream}/chat/moderators/${ada.user_id}`, { token: owner.token })).status).toBe(200);
    await moderate(helper, stream, viewer.user_id, 'mute', 60);
    for (const user_id of [owner.user_id, admin.user_id]) expect(await ask(helper, 'moderate', { stream_id: stream, user_id, kind: 'ban', seconds: null })).toMatchObject({ ok: false, code: 'forbidden' });
    expect(await ask(boss, 'moderate', { stream_id: stream, user_id: owner.user_id, kind: 'mute', seconds: 60 })).toMatchObject({ ok: false, code: 'forbidden' });
    await moderate(boss, stream, admin.user_id, 'mute', 60);
    expect((await api.call('DELETE', `/streams/${stream}/chat/moderators/${ada.user_id}`, { token: owner.token })).status).toBe(204);
    expect(await ask(helper, 'moderate', { stream_id: stream, user_id: bob.user_id, kind: 'mute', seconds: 60 })).toMatchObject({ code: 'forbidden' });
  });

  test('delete messages for everybody, and out of the history', async () => {
    const stream = await seedStream(api, owner);
    const [boss, a, b] = await Promise.all([joinChat(one.url, owner.token, stream), joinChat(two.url, ada.token, stream), joinChat(one.url, bob.token, stream)]);
    const [mine, theirs] = [await say(a, stream, 'regretted'), await say(a, stream, 'rude')];
    expect(await ask(b, 'delete_message', { stream_id: stream, message_id: mine.id })).toMatchObject({ ok: false, code: 'forbidden' });
    okay(await ask(a, 'delete_message', { stream_id: stream, message_id: mine.id }));
    okay(await ask(boss, 'delete_message', { stream_id: stream, message_id: theirs.id }));
    for (const ears of [boss, a, b]) await eventually(() => ears.told('message_deleted').length === 2);
    const late = await joinChat(two.url, bob.token, stream);
    expect(late.joined.messages.map(({ message, deleted }) => [message, deleted])).toEqual([['', true], ['', true]]);
    const { rows } = await api.database.pool.query('select message from chat_messages where stream_id = $1', [stream]);
    expect(rows).toEqual([{ message: '' }, { message: '' }]);
  });

  test('slow the chat down, turn links off and refuse words, at once in every process; none of it holds for themselves', async () => {
    const stream = await seedStream(api, owner);
    const [boss, a, elsewhere] = await Promise.all([joinChat(one.url, owner.token, stream), joinChat(two.url, ada.token, stream), joinChat(one.url, ada.token, stream)]);
    const settings = { slow_mode_s: 0, links_allowed: false, blocked_words: ['badword'] };
    okay(await ask(boss, 'settings', { stream_id: stream, links_allowed: false, blocked_words: ['badword'] }));
    await eventually(() => a.told('settings').length > 0);
    expect(a.told('settings')).toEqual([{ stream_id: stream, settings }]);
    expect(await ask(a, 'chat_message', { stream_id: stream, message: 'see example.com' })).toMatchObject({ code: 'chat_links_off' });
    expect(await ask(a, 'chat_message', { stream_id: stream, message: 'a BÁDW0RD' })).toMatchObject({ code: 'chat_words' });
    await say(boss, stream, 'example.com badword');
    okay(await ask(boss, 'settings', { stream_id: stream, slow_mode_s: 3_600 }));
    await eventually(() => a.told('settings').length > 1 && elsewhere.told('settings').length > 1);
    await say(a, stream, 'first');
    expect(await ask(a, 'chat_message', { stream_id: stream, message: 'second' })).toMatchObject({ code: 'chat_slow_mode', retry_after_ms: expect.any(Number) });
    // The other process knows of it by the table.
    const refused = await ask(elsewhere, 'chat_message', { stream_id: stream, message: 'second' });
    expect(refused).toMatchObject({ code: 'chat_slow_mode' });
    expect((refused as { retry_after_ms: number }).retry_after_ms).toBeGreaterThan(3_500_000);
    await say(boss, stream, 'one');
    await say(boss, stream, 'two');
  });

  test('a stream that is made private, or deleted, shuts out who may not watch', async () => {
    const stream = await seedStream(api, owner);
    const [boss, a] = await Promise.all([joinChat(one.url, owner.token, stream), joinChat(two.url, ada.token, stream)]);
    await api.database.db.updateTable('streams').set({ visibility: 'private' }).where('id', '=', stream).execute();
    await eventually(() => a.told('closed').length > 0);
    expect(await ask(a, 'chat_message', { stream_id: stream, message: 'still there?' })).toMatchObject({ code: 'chat_not_joined' });
    await say(boss, stream, 'among us');
    expect(a.texts).toEqual([]);
    await api.database.db.updateTable('streams').set({ deleted_at: new Date() }).where('id', '=', stream).execute();
    await eventually(() => boss.told('closed').length > 0);
    expect(await ask(boss, 'join', { stream_id: stream })).toMatchObject({ code: 'not_found' });
  });
});
