import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { WorkflowNotFoundError } from '@temporalio/client';
import { sql } from 'kysely';
import { ApiError } from '../../api/errors.ts';
import type { PostView } from '../../api/schemas/post.ts';
import type { NewRow } from '../../db/schema.ts';
import { POST_STATES, type PostState } from '../../domain/contracts/post.ts';
import { ERRORS } from '../../domain/errors.ts';
import { seedAccount } from '../helpers/analytics.ts';
import { eventually } from '../helpers/eventually.ts';
import { createPostsApi, faultsIn, mp4, postForm, sendForm, type Created, type PostsApi, type Problem } from '../helpers/posts.ts';
import type { Person } from '../helpers/test-api.ts';

let api: PostsApi;
let owner: Person & { account: string };
let direct: { social_account_ids: string[]; privacy_level: string; video_url: string };
beforeAll(async () => {
  api = await createPostsApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  owner = await api.marketer();
  direct = { social_account_ids: [owner.account], privacy_level: 'SELF_ONLY', video_url: 'https://cdn.example.com/clip.mp4' };
  api.temporal.calls.length = 0;
  Object.assign(api.temporal.answers, { editPost: { ok: true }, cancelPost: { ok: true } });
});

const call = <T>(method: string, path: string, body?: unknown, headers?: Record<string, string>) => api.call<T>(method, path, { token: owner.token, body, headers });
const create = (body: unknown, headers?: Record<string, string>) => call<Created & Problem>('POST', '/api/posts', body, headers);
const created = async (body: unknown = direct): Promise<PostView> => {
  const answer = await create(body);
  expect([answer.status, answer.body]).toEqual([202, expect.anything()]);
  return answer.body.items[0]!;
};
const setRow = (id: string, over: Partial<NewRow<'posts'>>) => api.database.db.updateTable('posts').set(over).where('id', '=', id).execute();
const rowOf = (id: string) => api.database.db.selectFrom('posts').selectAll().where('id', '=', id).executeTakeFirst();
const countPosts = async () => (await api.database.db.selectFrom('posts').select('id').where('workspace_id', '=', owner.workspace_id).execute()).length;
const asked = (name: string) => api.temporal.calls.filter((one) => one.name === name).map(({ args }) => args);
const hours = (count: number): string => new Date(Date.now() + count * 3_600_000).toISOString();

describe('POST /api/posts', () => {
  test('makes one post for each account, in one group, each with its workflow', async () => {
    const second = await seedAccount(api.database.db, owner.workspace_id);
    const { status, body } = await create({ ...direct, social_account_ids: [owner.account, second], caption: 'Both' });
    expect(status).toBe(202);
    expect(body.items.map(({ social_account, group_id, state }) => [social_account.id, group_id, state])).toEqual([
      [owner.account, body.group_id, 'scheduled'],
      [second, body.group_id, 'scheduled'],
    ]);
    expect(asked('startPost').map(([input]) => (input as { post_id: string }).post_id).sort()).toEqual(body.items.map(({ id }) => id).sort());
    const detail = await call<PostView & { timeline: { kind: string; run: number }[] }>('GET', `/api/posts/${body.items[0]!.id}`);
    expect(detail.body.timeline).toEqual([expect.objectContaining({ kind: 'created', run: 1, detail: null })]);
  });

  test('takes photos, with the switches of photos', async () => {
    const photos = ['https://cdn.example.com/1.jpg', 'https://cdn.example.com/2.webp'];
    const { video_url: _, ...rest } = direct;
    const post = await created({ ...rest, photo_urls: photos, caption: 'Title', description: 'Long', photo_cover_index: 1, auto_add_music: true });
    expect(post).toMatchObject({ kind: 'photo', source: 'url', photo_urls: photos, description: 'Long', photo_cover_index: 1, progress: { bytes_total: null, percent: null } });
  });

  test('keeps the post where Temporal is away, and says that it starts later', async () => {
    const app = api.with({
      temporal: { ...api.temporal, publishing: { ...api.temporal.publishing, startPost: () => Promise.reject(new ApiError('unavailable', { detail: 'Temporal' })) } },
    });
    const { status, body } = await sendForm(app, owner.token, postForm({ social_account_ids: [owner.account], privacy_level: 'SELF_ONLY' }, mp4()));
    expect([status, body.items[0]]).toMatchObject([
      202,
      { state: 'scheduled', state_code: 'unavailable', state_reason: 'It is stored, and starts as soon as Temporal answers again.' },
    ]);
  });

  test.each([
    ['no account', { social_account_ids: [] }, { social_account_ids: expect.stringContaining('>=1') }],
    ['too many accounts', { social_account_ids: Array.from({ length: 21 }, (_, n) => `0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a${10 + n}`) }, { social_account_ids: expect.stringContaining('<=20') }],
    ['an account that is none', { social_account_ids: ['me'] }, { 'social_account_ids.0': 'Invalid UUID' }],
    ['an unknown account', { social_account_ids: ['0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10'] }, { 'social_account_ids.0': 'is no account of this workspace' }],
    ['a caption that is too long', { caption: 'a'.repeat(2_201) }, { caption: expect.stringContaining('<=2200') }],
    ['half a character', { caption: 'a\ud800' }, { caption: expect.stringContaining('half a character') }],
    ['a description of a video', { description: 'x' }, { description: expect.stringContaining('Only photo posts') }],
    ['no privacy level', { privacy_level: null }, { privacy_level: expect.stringContaining('PUBLIC_TO_EVERYONE') }],
    ['an unknown privacy level', { privacy_level: 'FRIENDS' }, { privacy_level: expect.stringContaining('Invalid option') }],
    ['a privacy level of a draft', { mode: 'inbox' }, { privacy_level: expect.stringContaining('draft') }],
    ['a draft with a label', { mode: 'inbox', privacy_level: null, is_aigc: true }, { is_aigc: expect.stringContaining('draft') }],
    ['a mode that is none', { mode: 'story' }, { mode: expect.stringContaining('Invalid option') }],
    ['private branded content', { brand_content: true }, { privacy_level: expect.stringContaining('Branded content') }],
    ['a switch that is no boolean', { disable_comment: 'yes', disable_duet: 1, disable_stitch: null, is_aigc: 'no', brand_organic: 0, auto_add_music: '' }, {
      disable_comment: expect.anything(),
      disable_duet: expect.anything(),
      disable_stitch: expect.anything(),
      is_aigc: expect.anything(),
      brand_organic: expect.anything(),
      auto_add_music: expect.anything(),
    }],
    ['a cover before the start', { cover_timestamp_ms: -1 }, { cover_timestamp_ms: expect.stringContaining('>=0') }],
    ['a cover of photos', { photo_cover_index: 1 }, { photo_cover_index: expect.stringContaining('Only photo posts') }],
    ['music', { auto_add_music: true }, { auto_add_music: expect.stringContaining('photo posts only') }],
    ['a URL without https', { video_url: 'http://cdn.example.com/a.mp4' }, { video_url: 'must be an https URL whose host is a name' }],
    ['a URL of an address', { video_url: 'https://192.0.2.7/a.mp4' }, { video_url: 'must be an https URL whose host is a name' }],
    ['two sources', { photo_urls: ['https://cdn.example.com/1.jpg'] }, { media_id: expect.stringContaining('exactly one of') }],
    ['no source', { video_url: null }, { media_id: expect.stringContaining('exactly one of') }],
    ['an unknown file', { video_url: null, media_id: '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10' }, { media_id: 'is no file of this workspace' }],
    ['36 photos', { video_url: null, photo_urls: Array.from({ length: 36 }, () => 'https://cdn.example.com/1.jpg') }, { photo_urls: expect.stringContaining('<=35') }],
    ['a cover that is no photo', { video_url: null, photo_urls: ['https://cdn.example.com/1.jpg'], photo_cover_index: 1 }, { photo_cover_index: expect.stringContaining('0 to 0') }],
    ['a title of photos that is too long', { video_url: null, photo_urls: ['https://cdn.example.com/1.jpg'], caption: 'a'.repeat(91) }, { caption: expect.stringContaining('at most 90') }],
    ['a field that is none', { hashtags: [] }, { hashtags: 'is not a field of this request' }],
    ['a time that is none', { publish_at: 'soon' }, { publish_at: expect.stringContaining('ISO 8601') }],
    ['the past', { publish_at: '2020-01-01T00:00:00Z' }, { publish_at: 'is in the past' }],
    ['more than 90 days', { publish_at: new Date(Date.now() + 91 * 86_400_000).toISOString() }, { publish_at: 'is more than 90 days ahead' }],
    ['a local time without a zone', { publish_at: '2026-12-01T18:30' }, { time_zone: 'is needed where publish_at has no offset' }],
    ['a zone that is none', { time_zone: 'Berlin' }, { time_zone: expect.stringContaining('IANA') }],
  ])('refuses %s', async (_what, over, faults) => {
    const { status, body } = await create({ ...direct, ...over });
    expect([status, faultsIn(body)]).toEqual([422, faults]);
    expect(await countPosts()).toBe(0);
    expect(asked('startPost')).toEqual([]);
  });

  test('names every account that can’t be posted to, and why', async () => {
    const stranger = await api.marketer();
    const of = (over: Partial<NewRow<'social_accounts'>>) => seedAccount(api.database.db, owner.workspace_id, over);
    const gone = { access_token: null, refresh_token: null };
    const ids = [
      owner.account,
      owner.account,
      stranger.account,
      await of({ state: 'disconnected', ...gone }),
      await of({ state: 'reconnect_needed', state_reason: 'the person disconnected the app in TikTok' }),
      await of({ scopes: ['user.info.basic', 'video.upload'] }),
      await of({ state: 'expiring' }),
    ];
    const { status, body } = await create({ ...direct, social_account_ids: ids });
    expect([status, faultsIn(body)]).toEqual([
      422,
      {
        'social_account_ids.1': 'is there twice',
        'social_account_ids.2': 'is no account of this workspace',
        'social_account_ids.3': ERRORS.account_disconnected.message,
        'social_account_ids.4': `${ERRORS.reconnect_needed.message} (the person disconnected the app in TikTok)`,
        'social_account_ids.5': `${ERRORS.scope_missing.message} (video.publish: direct posts)`,
      },
    ]);
    expect((await create({ ...direct, mode: 'inbox', privacy_level: null, social_account_ids: [ids[5]] })).status).toBe(202);
    expect(await countPosts()).toBe(1);
  });

  test('an account that is disconnected in the same moment gets no post, or one that its disconnection can see', async () => {
    const { db } = api.database;
    let release = (): void => undefined;
    let locked = false;
    const disconnecting = db.transaction().execute(async (trx) => {
      await trx.updateTable('social_accounts').set({ state: 'disconnected', access_token: null, refresh_token: null }).where('id', '=', owner.account).execute();
      locked = true;
      await new Promise<void>((resolve) => (release = resolve));
    });
    await eventually(() => locked);
    const creating = create(direct);
    const isWaiting = async () => (await sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(db)).rows.length > 0;
    await eventually(isWaiting).finally(release);
    await disconnecting;
    const { status, body } = await creating;
    expect([status, faultsIn(body)]).toEqual([422, { 'social_account_ids.0': ERRORS.account_disconnected.message }]);
    expect(await countPosts()).toBe(0);
  });

  test('understands local time in its zone', async () => {
    const day = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10);
    const post = await created({ ...direct, publish_at: `${day}T18:30:00`, time_zone: 'Asia/Kathmandu' });
    expect(post).toMatchObject({ publish_at: `${day}T12:45:00.000Z`, time_zone: 'Asia/Kathmandu', state: 'scheduled' });
    expect(asked('startPost')).toEqual([[expect.objectContaining({ publish_at_ms: Date.parse(`${day}T12:45:00Z`) })]]);
  });
});

describe('an Idempotency-Key', () => {
  const key = { 'idempotency-key': 'launch-1' };

  test('makes one post of ten requests at once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => create(direct, key)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 9 }, () => 200), 202]);
    expect(new Set(answers.map(({ body }) => body.items[0]?.id)).size).toBe(1);
    expect(await countPosts()).toBe(1);
    expect(asked('startPost')).toHaveLength(1);
  });

  test('makes one post of ten uploads at once, and keeps one file', async () => {
    const before = (await api.files()).length;
    const body = postForm({ social_account_ids: [owner.account], privacy_level: 'SELF_ONLY' }, mp4(50_000));
    const answers = await Promise.all(Array.from({ length: 10 }, () => sendForm(api.app, owner.token, body, { headers: key })));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 9 }, () => 200), 202]);
    expect(new Set(answers.map((answer) => answer.body.items[0]?.id)).size).toBe(1);
    expect(await countPosts()).toBe(1);
    expect((await api.files()).length).toBe(before + 1);
    const again = await sendForm(api.app, owner.token, body, { headers: key });
    expect([again.status, again.body.items[0]?.id]).toEqual([200, answers[0]?.body.items[0]?.id]);
    expect((await api.files()).length).toBe(before + 1);
  });

  test('is refused for something else: another caption, another file', async () => {
    expect((await create(direct, key)).status).toBe(202);
    const other = await create({ ...direct, caption: 'another' }, key);
    expect([other.status, faultsIn(other.body)]).toEqual([422, { 'Idempotency-Key': 'was used for another request: take a new one' }]);
    const metadata = { social_account_ids: [owner.account], privacy_level: 'SELF_ONLY' };
    const headers = { 'idempotency-key': 'launch-2' };
    expect((await sendForm(api.app, owner.token, postForm(metadata, mp4(1_000)), { headers })).status).toBe(202);
    expect((await sendForm(api.app, owner.token, postForm(metadata, mp4(1_001)), { headers })).status).toBe(422);
    expect(await countPosts()).toBe(2);
  });

  test('gives the first answer though its time has passed meanwhile, and shows how the posts are now', async () => {
    const body = { ...direct, publish_at: hours(0.5) };
    const first = await create(body, key);
    const id = first.body.items[0]!.id;
    await setRow(id, { state: 'published', permalink: 'https://www.tiktok.com/@demo/video/7' });
    const real = Date.now;
    Date.now = () => real() + 45 * 60_000;
    try {
      const again = await create(body, key);
      expect([again.status, again.body.items[0]]).toMatchObject([200, { id, state: 'published', permalink: 'https://www.tiktok.com/@demo/video/7' }]);
    } finally {
      Date.now = real;
    }
  });

  test('of another workspace is another key', async () => {
    const stranger = await api.marketer();
    expect((await create(direct, key)).status).toBe(202);
    const body = { ...direct, social_account_ids: [stranger.account] };
    expect((await api.call('POST', '/api/posts', { token: stranger.token, body, headers: key })).status).toBe(202);
  });

  test('does not stand in the way of a request that was refused', async () => {
    expect((await create({ ...direct, privacy_level: null }, key)).status).toBe(422);
    expect((await create(direct, key)).status).toBe(202);
  });

  test('must be one', async () => {
    const { status, body } = await create(direct, { 'idempotency-key': 'a b' });
    expect([status, Object.keys(faultsIn(body))]).toEqual([422, ['Idempotency-Key']]);
  });
});

describe('GET /api/posts', () => {
  const ids = async (query: string) => (await call<{ items: PostView[] }>('GET', `/api/posts?${query}`)).body.items.map(({ id }) => id);

  test('lists pages, newest first, and filters', async () => {
    const second = await seedAccount(api.database.db, owner.workspace_id);
    const a = await created();
    const b = await created({ ...direct, publish_at: hours(24) });
    const c = await created({ ...direct, social_account_ids: [second] });
    await setRow(a.id, { state: 'failed' });
    const first = await call<{ items: PostView[]; next_cursor: string }>('GET', '/api/posts?limit=2');
    expect(first.body.items.map(({ id }) => id)).toEqual([c.id, b.id]);
    expect(await ids(`limit=2&cursor=${first.body.next_cursor}`)).toEqual([a.id]);
    expect(await ids('state=failed,published')).toEqual([a.id]);
    expect(await ids('state=failed&state=scheduled')).toEqual([c.id, b.id, a.id]);
    expect(await ids(`social_account_id=${second}`)).toEqual([c.id]);
    expect(await ids(`group_id=${b.group_id}`)).toEqual([b.id]);
    expect(await ids(`publish_from=${hours(23)}&publish_to=${hours(25)}`)).toEqual([b.id]);
    expect(await ids(`publish_from=${hours(25)}`)).toEqual([]);
    expect(await ids(`created_to=${encodeURIComponent(a.created_at)}`)).toEqual([]);
    expect(await ids(`created_from=${encodeURIComponent(b.created_at)}`)).toEqual([c.id, b.id]);
    expect((await call('GET', '/api/posts?state=gone')).status).toBe(422);
  });

  test('a post of another workspace is not there, whatever is asked of it', async () => {
    const post = await created();
    const stranger = await api.marketer();
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { caption: 'mine' }],
      ['DELETE', '', undefined],
      ['POST', '/cancel', undefined],
      ['POST', '/retry', {}],
      ['GET', '/events', undefined],
    ] as const) {
      expect([method, path, (await api.call(method, `/api/posts/${post.id}${path}`, { token: stranger.token, body })).status]).toEqual([method, path, 404]);
    }
    expect((await api.call<{ items: [] }>('GET', '/api/posts', { token: stranger.token })).body.items).toEqual([]);
    expect((await api.call<{ items: [] }>('GET', `/api/posts?group_id=${post.group_id}`, { token: stranger.token })).body.items).toEqual([]);
    expect(asked('editPost').length + asked('cancelPost').length).toBe(0);
  });

  test('never shows the upload URL, and shows TikTok’s ids as text', async () => {
    const post = await created();
    await setRow(post.id, { upload_url: 'sealed-secret', tiktok_post_ids: ['7412345678901234567'] });
    const { body } = await call<PostView>('GET', `/api/posts/${post.id}`);
    expect(body.tiktok_post_ids).toEqual(['7412345678901234567']);
    expect(JSON.stringify(body)).not.toContain('sealed-secret');
  });
});

describe('PATCH', () => {
  test('reaches the workflow with what changes, and nothing else', async () => {
    const post = await created();
    const publish_at = hours(5);
    expect((await call('PATCH', `/api/posts/${post.id}`, { caption: 'Better', publish_at, time_zone: 'Europe/Paris' })).status).toBe(200);
    expect(asked('editPost')).toEqual([[post.id, { content: { caption: 'Better' }, publish_at, time_zone: 'Europe/Paris' }]]);
    expect((await call('PATCH', `/api/posts/${post.id}`, { publish_at: null })).status).toBe(200);
    expect(asked('editPost')[1]).toEqual([post.id, { publish_at: null }]);
  });

  test('takes local time in the zone that the post has', async () => {
    const post = await created({ ...direct, publish_at: hours(5), time_zone: 'Asia/Kathmandu' });
    const day = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
    expect((await call('PATCH', `/api/posts/${post.id}`, { publish_at: `${day}T05:45` })).status).toBe(200);
    expect(asked('editPost')).toEqual([[post.id, { publish_at: `${day}T00:00:00.000Z` }]]);
  });

  test.each([
    [{}, ['body']],
    [{ caption: 'a'.repeat(2_201) }, ['caption']],
    [{ privacy_level: null }, ['privacy_level']],
    [{ brand_content: true }, ['privacy_level']],
    [{ description: 'x', publish_at: 'soon' }, ['description', 'publish_at']],
    [{ publish_at: '2020-01-01T00:00:00Z' }, ['publish_at']],
    [{ publish_at: '2026-12-01T10:00' }, ['time_zone']],
    [{ mode: 'inbox', caption: 'x' }, ['mode']],
  ])('%j is refused before anybody is asked', async (change, fields) => {
    const post = await created();
    const { status, body } = await call<Problem>('PATCH', `/api/posts/${post.id}`, change);
    expect([status, Object.keys(faultsIn(body))]).toEqual([422, fields]);
    expect(asked('editPost')).toEqual([]);
  });

  test('is refused with the workflow’s own reason, or at once where the post is over', async () => {
    const post = await created();
    api.temporal.answers.editPost = { ok: false, code: 'post_not_editable', reason: 'TikTok has been asked to begin.' };
    expect(await call('PATCH', `/api/posts/${post.id}`, { caption: 'x' })).toMatchObject({ status: 409, body: { code: 'post_not_editable', detail: 'TikTok has been asked to begin.' } });
    await setRow(post.id, { state: 'published' });
    expect(await call('PATCH', `/api/posts/${post.id}`, { caption: 'x' })).toMatchObject({ status: 409, body: { code: 'post_not_editable', detail: 'the post is published' } });
    expect(asked('editPost')).toHaveLength(1);
  });

  test('starts the workflow of a post that Temporal was never told of', async () => {
    const post = await created();
    let starts = 0;
    const publishing = {
      ...api.temporal.publishing,
      startPost: () => Promise.resolve(void starts++),
      editPost: () => (starts === 0 ? Promise.reject(new WorkflowNotFoundError('no such workflow', post.id, undefined)) : Promise.resolve({ ok: true as const })),
    };
    const app = api.with({ temporal: { ...api.temporal, publishing } });
    const response = await app.request(`/api/posts/${post.id}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${owner.token}`, 'content-type': 'application/json' },
      body: '{"caption":"x"}',
    });
    expect([response.status, starts]).toEqual([200, 1]);
  });
});

describe('cancel', () => {
  test('asks the workflow, and passes its refusal on', async () => {
    const post = await created();
    expect((await call('POST', `/api/posts/${post.id}/cancel`)).status).toBe(200);
    api.temporal.answers.cancelPost = { ok: false, code: 'tiktok_not_cancellable', reason: 'TikTok is too far.' };
    expect(await call('POST', `/api/posts/${post.id}/cancel`)).toMatchObject({ status: 409, body: { code: 'tiktok_not_cancellable', detail: 'TikTok is too far.' } });
    expect(asked('cancelPost')).toEqual([[post.id], [post.id]]);
  });

  test.each([
    ['cancelled', 200],
    ['published', 409],
    ['failed', 409],
  ] as const)('of a post that is %s answers %i and asks nobody', async (state, status) => {
    const post = await created();
    await setRow(post.id, { state });
    expect((await call('POST', `/api/posts/${post.id}/cancel`)).status).toBe(status);
    expect(asked('cancelPost')).toEqual([]);
  });
});

describe('retry', () => {
  const retry = (id: string, body?: unknown) => call<PostView & Problem>('POST', `/api/posts/${id}/retry`, body);
  const traces = {
    init_count: 3,
    init_sent_at: new Date(),
    publish_id: 'v_pub_url~v2.1',
    upload_url: 'sealed',
    chunk_size: 5,
    chunk_count: 2,
    bytes_uploaded: 7,
    started_at: new Date(),
    publish_at: new Date(Date.now() - 60_000),
  };

  test.each(['failed', 'cancelled'] as const)('begins a %s post anew, as if nothing had been sent', async (state) => {
    const post = await created();
    await setRow(post.id, { ...traces, publish_id: `${traces.publish_id}${state}`, state, state_code: 'post_refused', state_reason: 'TikTok’s reason' });
    const { status, body } = await retry(post.id);
    expect([status, body]).toMatchObject([202, { run: 2, state: 'scheduled', state_code: null, state_reason: null, publish_id: null, publish_at: null, started_at: null, progress: { bytes_uploaded: 0 } }]);
    expect(await rowOf(post.id)).toMatchObject({ init_count: 0, init_sent_at: null, upload_url: null, chunk_size: null, chunk_count: null });
    expect(asked('startPost')).toHaveLength(2);
    const { timeline } = (await call<{ timeline: { kind: string; run: number }[] }>('GET', `/api/posts/${post.id}`)).body;
    expect(timeline.map(({ kind, run }) => [kind, run])).toEqual([
      ['created', 1],
      ['retried', 2],
    ]);
  });

  test('keeps a time that is still to come', async () => {
    const post = await created({ ...direct, publish_at: hours(3) });
    await setRow(post.id, { state: 'cancelled' });
    expect((await retry(post.id)).body.publish_at).toBe(post.publish_at);
  });

  test('of two at once begins one', async () => {
    const post = await created();
    await setRow(post.id, { state: 'failed' });
    const statuses = await Promise.all([retry(post.id), retry(post.id), retry(post.id)]);
    expect(statuses.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
    expect((await rowOf(post.id))?.run).toBe(2);
  });

  test.each(POST_STATES.filter((state) => !['failed', 'cancelled', 'unconfirmed'].includes(state)))('is refused while the post is %s', async (state) => {
    const post = await created();
    await setRow(post.id, { state });
    expect(await retry(post.id, { confirm_not_published: true })).toMatchObject({ status: 409, body: { code: 'post_not_retryable' } });
  });

  test.each([
    ['unconfirmed', null],
    ['failed', 'post_unconfirmed'],
  ] as const)('of a post whose end is not known (%s) wants to hear that somebody has looked', async (state, state_code) => {
    const post = await created();
    await setRow(post.id, { state, state_code });
    for (const body of [undefined, {}, { confirm_not_published: false }]) expect(await retry(post.id, body)).toMatchObject({ status: 409, body: { code: 'post_unconfirmed' } });
    expect((await rowOf(post.id))?.run).toBe(1);
    expect(await retry(post.id, { confirm_not_published: true })).toMatchObject({ status: 202, body: { run: 2, state: 'scheduled' } });
    // Whoever still asks about the last run is told to stop, before the new one starts.
    expect(api.temporal.calls.slice(1).map(({ name }) => name)).toEqual(state === 'unconfirmed' ? ['cancelPost', 'startPost'] : ['startPost']);
  });

  test('is refused where the account is gone, or the file', async () => {
    const post = (await sendForm(api.app, owner.token, postForm({ social_account_ids: [owner.account], privacy_level: 'SELF_ONLY' }, mp4()))).body.items[0]!;
    await setRow(post.id, { state: 'failed' });
    const { storage_key } = await api.database.db.selectFrom('media').select('storage_key').where('id', '=', post.media!.id).executeTakeFirstOrThrow();
    await api.deps.media.delete(storage_key);
    expect(await retry(post.id)).toMatchObject({ status: 409, body: { code: 'media_missing' } });
    await api.database.db.updateTable('social_accounts').set({ state: 'reconnect_needed', state_reason: 'revoked' }).where('id', '=', owner.account).execute();
    expect(await retry(post.id)).toMatchObject({ status: 409, body: { code: 'reconnect_needed', detail: 'revoked' } });
    expect((await rowOf(post.id))?.run).toBe(1);
  });
});

describe('DELETE', () => {
  const remove = (id: string) => call<Problem>('DELETE', `/api/posts/${id}`);

  test.each(['published', 'failed', 'cancelled'] as const)('removes a %s post', async (state) => {
    const post = await created();
    await setRow(post.id, { state });
    expect((await remove(post.id)).status).toBe(204);
    expect((await remove(post.id)).status).toBe(404);
    expect(asked('cancelPost')).toEqual([]);
  });

  test.each(POST_STATES.filter((state): state is Exclude<PostState, 'published' | 'failed' | 'cancelled' | 'scheduled'> => !['published', 'failed', 'cancelled', 'scheduled'].includes(state)))(
    'is refused while the post is %s',
    async (state) => {
      const post = await created();
      await setRow(post.id, { state });
      expect(await remove(post.id)).toMatchObject({ status: 409, body: { code: 'post_not_deletable', detail: `the post is ${state}` } });
      expect(asked('cancelPost')).toEqual([]);
    },
  );

  test('cancels one that waits for its time first, and is refused where that came too late', async () => {
    const post = await created({ ...direct, publish_at: hours(3) });
    api.temporal.answers.cancelPost = { ok: false, code: 'post_not_cancellable', reason: 'It has begun.' };
    expect(await remove(post.id)).toMatchObject({ status: 409, body: { code: 'post_not_cancellable' } });
    const publishing = { ...api.temporal.publishing, cancelPost: async () => (await setRow(post.id, { state: 'cancelled' }), { ok: true as const }) };
    const app = api.with({ temporal: { ...api.temporal, publishing } });
    const response = await app.request(`/api/posts/${post.id}`, { method: 'DELETE', headers: { authorization: `Bearer ${owner.token}` } });
    expect(response.status).toBe(204);
    expect(await rowOf(post.id)).toBeUndefined();
  });

  test('of two posts of one file, at once, removes the file once', async () => {
    const second = await seedAccount(api.database.db, owner.workspace_id);
    const before = (await api.files()).length;
    const { body } = await sendForm(api.app, owner.token, postForm({ social_account_ids: [owner.account, second], privacy_level: 'SELF_ONLY' }, mp4()));
    expect(body.items).toHaveLength(2);
    for (const { id } of body.items) await setRow(id, { state: 'published' });
    expect((await Promise.all(body.items.map(({ id }) => remove(id)))).map(({ status }) => status)).toEqual([204, 204]);
    expect((await api.files()).length).toBe(before);
    expect(await api.database.db.selectFrom('media').select('id').where('workspace_id', '=', owner.workspace_id).execute()).toEqual([]);
  });
});
