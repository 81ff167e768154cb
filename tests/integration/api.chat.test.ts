import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { issuePlayToken } from '../../api/play-token.ts';
import { storeMessages } from '../../db/chat-store.ts';
import { newId } from '../../db/ids.ts';
import type { ChatMessage, ChatRestriction } from '../../domain/contracts/chat.ts';
import { seedStream } from '../helpers/chat.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

describe('The chat over HTTP', () => {
  let api: TestApi;
  let owner: Person;
  let ada: Person;
  beforeAll(async () => {
    api = await createTestApi();
    [owner, ada] = await Promise.all([api.person(), api.person()]);
  });
  afterAll(() => api.close());

  const write = (stream_id: string, user_id: string, texts: readonly string[]) =>
    storeMessages(api.database.pool, texts.map((message) => ({ id: newId(), stream_id, user_id, user_name: '=Ada', message, reply_to: null, client_id: null, moderator: false })));
  const texts = ({ items }: Page<ChatMessage>): string[] => items.map(({ message }) => message);

  test('is listed by pages, both ways and after a position', async () => {
    const stream = await seedStream(api, owner);
    await write(stream, ada.user_id, ['1', '2', '3', '4', '5']);
    const get = async (query: string) => (await api.call<Page<ChatMessage>>('GET', `/streams/${stream}/chat?${query}`)).body;
    const first = await get('limit=2');
    expect([texts(first), texts(await get(`limit=3&cursor=${first.next_cursor}`))]).toEqual([['1', '2'], ['3', '4', '5']]);
    const latest = await get('limit=2&order=desc');
    expect([texts(latest), texts(await get(`order=desc&cursor=${latest.next_cursor}`))]).toEqual([['5', '4'], ['3', '2', '1']]);
    expect(texts(await get('after=3'))).toEqual(['4', '5']);
    expect((await api.call('GET', `/streams/${stream}/chat?order=desc&after=1`)).status).toBe(422);
    expect((await api.call('GET', `/streams/${stream}/chat?cursor=nonsense`)).status).toBe(422);
  });

  test('of a private stream is for its viewers alone', async () => {
    const stream = await seedStream(api, owner, { visibility: 'private' });
    const path = `/streams/${stream}/chat`;
    expect((await api.call<{ reason: string }>('GET', path)).body).toMatchObject({ status: 401, reason: 'missing' });
    expect((await api.call('GET', path, { token: ada.token })).status).toBe(404);
    expect((await api.call('GET', path, { token: owner.token })).status).toBe(200);
    expect((await api.call('GET', `${path}?token=${(await issuePlayToken(stream, api.deps.config)).token}`)).status).toBe(200);
    expect((await api.call('GET', `/streams/${newId()}/chat`)).status).toBe(404);
  });

  test('is downloaded whole, as NDJSON and as CSV that no spreadsheet runs', async () => {
    const stream = await seedStream(api, owner);
    const lines = Array.from({ length: 2_300 }, (_, index) => `line ${index}, "quoted"`);
    for (let at = 0; at < lines.length; at += 500) await write(stream, ada.user_id, lines.slice(at, at + 500));
    const download = (query: string) => api.app.request(`/streams/${stream}/chat/export${query}`, { headers: { authorization: `Bearer ${owner.token}` } });
    const json = await download('');
    expect(json.headers.get('content-type')).toContain('ndjson');
    const body = await json.text();
    expect(body.trimEnd().split('\n').map((line) => (JSON.parse(line) as ChatMessage).message)).toEqual(lines);
    const csv = (await (await download('?format=csv')).text()).trimEnd().split('\r\n');
    expect(csv).toHaveLength(lines.length + 1);
    expect(csv[1]).toContain(`'=Ada,"line 0, ""quoted"""`);
    expect((await api.call('GET', `/streams/${stream}/chat/export`, { token: ada.token })).status).toBe(404);
    expect((await api.call('GET', `/streams/${stream}/chat/export`, { token: (await api.person('warehouse', owner.workspace_id)).token })).status).toBe(403);
  });

  test('lets everybody delete their own messages, and moderators all', async () => {
    const stream = await seedStream(api, owner);
    const [first, second] = await write(stream, ada.user_id, ['a', 'b']);
    const path = (outcome: typeof first) => `/streams/${stream}/chat/${(outcome as { id: string }).id}`;
    const other = await api.person();
    expect((await api.call('DELETE', path(first), { token: other.token })).status).toBe(403);
    expect((await api.call('DELETE', path(first), { token: ada.token })).status).toBe(204);
    expect((await api.call('DELETE', path(second), { token: owner.token })).status).toBe(204);
    expect((await api.call('DELETE', `/streams/${stream}/chat/${newId()}`, { token: owner.token })).status).toBe(404);
    const { body } = await api.call<Page<ChatMessage>>('GET', `/streams/${stream}/chat`);
    expect(body.items.map(({ message, deleted }) => [message, deleted])).toEqual([['', true], ['', true]]);
  });

  test('restricts, lists and lifts', async () => {
    const stream = await seedStream(api, owner);
    const path = `/streams/${stream}/chat/restrictions`;
    const order = { user_id: ada.user_id, kind: 'mute', seconds: 600, reason: 'spam' };
    const { status, body } = await api.call<ChatRestriction>('POST', path, { token: owner.token, body: order });
    expect([status, body]).toEqual([201, expect.objectContaining({ user_id: ada.user_id, kind: 'mute', stream_id: stream, created_by: owner.user_id })]);
    expect(api.temporal.calls).toContainEqual({ name: 'restrictChat', args: [{ restriction_id: body.id, workspace_id: owner.workspace_id, until_ms: Date.parse(body.until!) }] });
    const again = await api.call<ChatRestriction>('POST', path, { token: owner.token, body: { ...order, seconds: null } });
    expect(again.body).toMatchObject({ id: body.id, until: null });
    const everywhere = await api.call<ChatRestriction>('POST', path, { token: owner.token, body: { ...order, kind: 'ban', scope: 'workspace' } });
    expect((await api.call<Page<ChatRestriction>>('GET', path, { token: owner.token })).body.items.map(({ id }) => id)).toEqual([everywhere.body.id, body.id]);
    expect((await storeMessages(api.database.pool, [{ id: newId(), stream_id: stream, user_id: ada.user_id, user_name: 'Ada', message: 'x', reply_to: null, client_id: null, moderator: false }]))[0]).toEqual({ kind: 'banned' });
    for (const { id } of [body, everywhere.body]) expect((await api.call('DELETE', `${path}/${id}`, { token: owner.token })).status).toBe(204);
    expect((await api.call('DELETE', `${path}/${body.id}`, { token: owner.token })).status).toBe(404);
    expect((await api.call('POST', path, { token: owner.token, body: { ...order, user_id: newId() } })).status).toBe(404);
    expect((await api.call('POST', path, { token: owner.token, body: { ...order, user_id: owner.user_id } })).status).toBe(403);
    for (const fault of [{ seconds: 0 }, { kind: 'exile' }, { extra: 1 }]) expect((await api.call('POST', path, { token: owner.token, body: { ...order, ...fault } })).status).toBe(422);
    expect((await api.call('POST', path, { token: ada.token, body: order })).status).toBe(404);
  });

  test('keeps settings and moderators', async () => {
    const stream = await seedStream(api, owner);
    const path = `/streams/${stream}/chat/settings`;
    expect((await api.call('GET', path, { token: owner.token })).body).toEqual({ slow_mode_s: 0, links_allowed: true, blocked_words: [] });
    expect((await api.call('PUT', path, { token: owner.token, body: { slow_mode_s: 5, blocked_words: ['bad', 'worse word'] } })).status).toBe(200);
    expect((await api.call('PUT', path, { token: owner.token, body: { links_allowed: false } })).body).toEqual({ slow_mode_s: 5, links_allowed: false, blocked_words: ['bad', 'worse word'] });
    for (const fault of [{ slow_mode_s: -1 }, { blocked_words: ['!!'] }, { blocked_words: Array.from({ length: 201 }, () => 'x') }]) expect((await api.call('PUT', path, { token: owner.token, body: fault })).status).toBe(422);
    const moderator = `/streams/${stream}/chat/moderators/${ada.user_id}`;
    for (let time = 0; time < 2; time += 1) expect((await api.call('PUT', moderator, { token: owner.token })).body).toMatchObject({ user_id: ada.user_id, user_name: 'Test', added_by: owner.user_id });
    expect((await api.call<Page<{ user_id: string }>>('GET', `/streams/${stream}/chat/moderators`, { token: owner.token })).body.items.map(({ user_id }) => user_id)).toEqual([ada.user_id]);
    expect((await api.call('DELETE', moderator, { token: owner.token })).status).toBe(204);
    expect((await api.call('DELETE', moderator, { token: owner.token })).status).toBe(404);
    expect((await api.call('PUT', `/streams/${stream}/chat/moderators/${newId()}`, { token: owner.token })).status).toBe(404);
  });
});
