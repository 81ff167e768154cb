import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { createRouter } from '../../api/context.ts';
import { createPostHub } from '../../api/post-hub.ts';
import { postEventRoutes } from '../../api/routes/post-events.ts';
import type { NewRow } from '../../db/schema.ts';
import type { TimelineKind } from '../../domain/contracts/post.ts';
import { CHANNELS } from '../../domain/names.ts';
import { TestEventSource } from '../helpers/event-source.ts';
import { createPostsApi, type Created, type PostsApi } from '../helpers/posts.ts';
import type { Person } from '../helpers/test-api.ts';

let api: PostsApi;
let owner: Person & { account: string };
let post: string;
let created: number;
beforeAll(async () => {
  api = await createPostsApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  owner = await api.marketer();
  const body = { social_account_ids: [owner.account], privacy_level: 'SELF_ONLY', video_url: 'https://cdn.example.com/clip.mp4' };
  post = (await api.call<Created>('POST', '/api/posts', { token: owner.token, body })).body.items[0]!.id;
  created = (await entries())[0]!.id;
});

const entries = () => api.database.db.selectFrom('post_timeline').selectAll().where('post_id', '=', post).orderBy('id').execute();
const note = async (kind: TimelineKind, detail: string): Promise<number> =>
  (await api.database.db.insertInto('post_timeline').values({ post_id: post, run: 1, kind, detail, dedupe_key: `${kind}:${detail}` }).returning('id').executeTakeFirstOrThrow()).id;
const tell = () => sql`select pg_notify(${CHANNELS.posts}, ${post})`.execute(api.database.db);
const setRow = (over: Partial<NewRow<'posts'>>) => api.database.db.updateTable('posts').set(over).where('id', '=', post).execute();

async function follow({ app = api.app, lastEventId, query = '', token = owner.token as string | null } = {} as { app?: typeof api.app; lastEventId?: number; query?: string; token?: string | null }) {
  const response = await app.request(`/api/posts/${post}/events${query}`, {
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...(lastEventId !== undefined && { 'last-event-id': String(lastEventId) }) },
  });
  return { status: response.status, source: response.status === 200 && response.body ? TestEventSource.of(response.body, lastEventId === undefined ? '' : String(lastEventId)) : null! };
}
const kinds = (source: TestEventSource) => source.events.map(({ event, data }) => (event === 'timeline' ? `timeline ${String(data['kind'])}` : `${event} ${String(data['state'])}`));

describe('the stream of a post', () => {
  test('tells what happened and how far it is, as it happens, until its end', async () => {
    const { source } = await follow();
    await source.until(() => source.events.length === 2);
    expect(kinds(source)).toEqual(['timeline created', 'progress scheduled']);
    await setRow({ state: 'uploading', bytes_total: 1_000, bytes_uploaded: 571 });
    await note('chunk', '1 of 2');
    await tell();
    await source.until(() => source.events.length === 4);
    expect(source.events[3]).toMatchObject({ event: 'progress', data: { state: 'uploading', bytes_uploaded: 571, bytes_total: 1_000, percent: 57 } });
    await setRow({ state: 'published', tiktok_post_ids: ['7412345678901234567'], permalink: 'https://www.tiktok.com/@demo/video/7412345678901234567' });
    const last = await note('published', 'done');
    await tell();
    await source.until(() => source.ended);
    expect(kinds(source)).toEqual(['timeline created', 'progress scheduled', 'timeline chunk', 'progress uploading', 'timeline published', 'end published']);
    expect(source.events.at(-1)?.data).toMatchObject({ tiktok_post_ids: ['7412345678901234567'] });
    expect(source.lastEventId).toBe(String(last));
    // Coming back after the end: nothing to say, and a browser stops asking.
    expect((await follow({ lastEventId: last })).status).toBe(204);
    const again = await follow();
    await again.source.until(() => again.source.ended);
    expect(kinds(again.source).at(-1)).toBe('end published');
  });

  test('goes on behind the last entry that the client has, by header or query', async () => {
    const middle = await note('scheduled', 'a');
    const last = await note('edited', 'b');
    for (const options of [{ lastEventId: middle }, { query: `?last_event_id=${middle}` }]) {
      const { source } = await follow(options);
      await source.until(() => source.events.length === 2);
      expect(source.events.map(({ id, event }) => [id, event])).toEqual([
        [String(last), 'timeline'],
        [String(last), 'progress'],
      ]);
      await source.close();
    }
  });

  test('gives an entry that was committed late, once, and keeps its place', async () => {
    const client = await api.database.pool.connect();
    await client.query('begin');
    const { rows } = await client.query<{ id: number }>(`insert into post_timeline (post_id, run, kind, dedupe_key) values ($1, 1, 'init', 'late') returning id`, [post]);
    const newer = await note('edited', 'newer');
    const { source } = await follow();
    await source.until(() => source.events.length === 3);
    expect(kinds(source)).toEqual(['timeline created', 'timeline edited', 'progress scheduled']);
    await client.query('commit');
    client.release();
    await tell();
    await source.until(() => source.events.length === 4);
    expect(source.events[3]).toMatchObject({ id: String(newer), event: 'timeline', data: { id: rows[0]!.id, kind: 'init' } });
    await setRow({ state: 'cancelled' });
    await tell();
    await source.until(() => source.ended);
    expect(kinds(source).slice(4)).toEqual(['end cancelled']);
  });

  test('of hundreds of entries leaves none out', async () => {
    for (let n = 0; n < 450; n++) await note('chunk', String(n));
    await setRow({ state: 'failed' });
    const { source } = await follow({ lastEventId: created });
    await source.until(() => source.ended);
    expect(source.events.filter(({ event }) => event === 'timeline').map(({ data }) => data['detail'])).toEqual(Array.from({ length: 450 }, (_, n) => String(n)));
  });

  test('beats its heart while nothing happens, looks by itself, and ends when its reader may see it no more', async () => {
    const app = createRouter();
    app.use((c, next) => (c.set('deps', api.deps), c.set('log', api.deps.logger), next()));
    app.route('/', postEventRoutes(api.deps, { heartbeatMs: 20, pollMs: 5 }));
    const { source } = await follow({ app });
    await source.until(() => source.comments.length >= 2);
    await note('edited', 'nobody was told');
    await source.until(() => kinds(source).includes('timeline edited'));
    await api.database.db.updateTable('workspace_members').set({ role: 'warehouse' }).where('user_id', '=', owner.user_id).execute();
    await source.until(() => source.ended);
    expect(source.ended).toBe(true);
  });

  test('ends when the post is deleted', async () => {
    const { source } = await follow();
    await source.until(() => source.events.length === 2);
    await setRow({ state: 'cancelled' });
    expect((await api.call('DELETE', `/api/posts/${post}`, { token: owner.token })).status).toBe(204);
    await source.until(() => source.ended);
    expect(source.events.at(-1)?.event).toBe('end');
  });

  test('takes the token from the query, and refuses a wrong place', async () => {
    const { status, source } = await follow({ token: null, query: `?token=${owner.token}` });
    expect(status).toBe(200);
    await source.close();
    expect((await follow({ token: null })).status).toBe(401);
    expect((await follow({ query: '?last_event_id=yesterday' })).status).toBe(422);
  });
});

test('a process follows so many posts and no more, and leaves nothing behind', async () => {
  const hub = createPostHub({ databaseUrl: api.database.url, maxFollowers: 2 });
  const [a, b] = [hub.follow(post), hub.follow(post)];
  expect(() => hub.follow(post)).toThrow('2 streams of posts are open already');
  a.close();
  a.close();
  const c = hub.follow('another');
  expect(() => hub.follow(post)).toThrow();
  await hub.close();
  expect([b.closed, c.closed]).toEqual([true, true]);
  expect(() => hub.follow(post)).toThrow('the API is stopping');
});
