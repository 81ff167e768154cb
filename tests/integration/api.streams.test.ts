import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Readable } from 'node:stream';
import { signToken } from '../../db/signed-token.ts';
import { hashStreamKey } from '../../db/stream-key.ts';
import { newId } from '../../db/ids.ts';
import { thumbnailKey } from '../../domain/contracts/recording.ts';
import type { StreamView } from '../../api/schemas/stream.ts';
import { createTestApi, type Answer, type Person, type TestApi } from '../helpers/test-api.ts';

type Made = StreamView & { stream_key: string; rtmp_with_key: string };
interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
interface Problem {
  code: string;
  detail: string;
  reason?: string;
  errors?: { field: string; message: string }[];
}

let api: TestApi;
let person: Person;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  person = await api.person();
  api.temporal.calls.length = 0;
});

const call = <T>(method: string, path: string, body?: unknown, who = person): Promise<Answer<T>> => api.call<T>(method, path, { token: who.token, body });
const make = async (body: object = {}, who = person): Promise<Made> => {
  const answer = await call<Made>('POST', '/streams', { title: 'Show', ...body }, who);
  expect(answer.status).toBe(201);
  return answer.body;
};
const set = (id: string, change: object) => api.database.db.updateTable('streams').set(change).where('id', '=', id).execute();
const asked = () => api.temporal.calls.map(({ name, args }) => [name, ...args]);

describe('POST /streams', () => {
  test('makes a stream with a key that only its hash is kept of, and has its workflow started', async () => {
    const made = await make({ title: '  Friday drop ', description: 'New colours', scheduled_for: new Date(Date.now() + 3_600_000).toISOString() });
    expect(made).toMatchObject({
      user_id: person.user_id,
      workspace_id: person.workspace_id,
      title: 'Friday drop',
      status: 'waiting',
      start_time: null,
      end_time: null,
      viewer_count: 0,
      peak_viewers: 0,
      thumbnail: null,
      record: true,
      latency: 'low',
      visibility: 'public',
      featured: false,
      stream_key_hint: made.stream_key.slice(-4),
      urls: {
        rtmp: 'rtmp://127.0.0.1:1935/live',
        whip: 'http://127.0.0.1:8090/whip',
        whep: `http://127.0.0.1:8090/whep/${made.id}`,
        hls: `http://127.0.0.1:8090/hls/${made.id}/index.m3u8`,
        watch: `http://127.0.0.1:8080/watch/${made.id}`,
        studio: `http://127.0.0.1:8080/studio/${made.id}`,
      },
    });
    expect(made.stream_key).toMatch(/^sk_[\w-]{27}$/);
    expect(made.rtmp_with_key).toBe(`rtmp://127.0.0.1:1935/live/${made.stream_key}`);
    const row = await api.database.db.selectFrom('streams').selectAll().where('id', '=', made.id).executeTakeFirstOrThrow();
    expect(row.stream_key_hash).toBe(hashStreamKey(made.stream_key));
    expect(JSON.stringify(row) + api.log()).not.toContain(made.stream_key);
    expect(asked()).toEqual([['startBroadcast', expect.objectContaining({ stream_id: made.id, record: true, timings: { grace_ms: 60_000 } })]]);
    const shown = await call<StreamView>('GET', `/streams/${made.id}`);
    expect(shown.body).not.toHaveProperty('stream_key');
  });

  test.each([
    [{ title: '' }, 'title'],
    [{ title: 'x', thumbnail: 'javascript:alert(1)' }, 'thumbnail'],
    [{ title: 'x', scheduled_for: '2020-01-01T00:00:00Z' }, 'scheduled_for'],
    [{ title: 'x', latency: 'none' }, 'latency'],
    [{ title: 'x', stream_key: 'sk_mine' }, 'stream_key'],
    [{ title: 'x'.repeat(201) }, 'title'],
  ])('refuses %j and names the field', async (body, field) => {
    const { status, body: problem } = await call<Problem>('POST', '/streams', body);
    expect([status, problem.errors?.map((fault) => fault.field)]).toEqual([422, [field]]);
  });
});

describe('GET /streams', () => {
  test('lists by status and by what is featured, page by page, and nobody else’s', async () => {
    const ids: Record<string, string> = {};
    for (const status of ['waiting', 'live', 'reconnecting', 'ending', 'ended']) {
      ids[status] = (await make()).id;
      await set(ids[status], { status });
    }
    const gone = await make();
    await set(gone.id, { deleted_at: new Date() });
    await set(ids.live!, { featured: true });
    const list = async (query: string) => (await call<Page<StreamView>>('GET', `/streams${query}`)).body.items.map(({ id }) => id);
    const of = (...statuses: string[]): string[] => statuses.map((status) => ids[status]!);
    expect(await list('')).toEqual(of('ended', 'ending', 'reconnecting', 'live', 'waiting'));
    expect(await list('?status=upcoming')).toEqual(of('waiting'));
    expect(await list('?status=live')).toEqual(of('reconnecting', 'live'));
    expect(await list('?status=ended,upcoming')).toEqual(of('ended', 'ending', 'waiting'));
    expect(await list('?featured=true')).toEqual(of('live'));
    expect(await list('?featured=false&status=live')).toEqual(of('reconnecting'));
    const first = (await call<Page<StreamView>>('GET', '/streams?limit=2')).body;
    const second = (await call<Page<StreamView>>('GET', `/streams?limit=2&cursor=${first.next_cursor}`)).body;
    const third = (await call<Page<StreamView>>('GET', `/streams?limit=2&cursor=${second.next_cursor}`)).body;
    expect([...first.items, ...second.items, ...third.items].map(({ id }) => id)).toEqual(of('ended', 'ending', 'reconnecting', 'live', 'waiting'));
    expect(third.next_cursor).toBeNull();
    expect((await call<Page<StreamView>>('GET', '/streams', undefined, await api.person())).body.items).toEqual([]);
    expect((await call<Problem>('GET', '/streams?status=paused')).status).toBe(422);
  });
});

describe('PUT /streams/{id}', () => {
  test('changes what a person may change', async () => {
    const { id } = await make();
    const change = { title: 'Other', description: null, thumbnail: 'https://cdn.example/a.jpg', visibility: 'private', featured: true };
    const { status, body } = await call<StreamView>('PUT', `/streams/${id}`, change);
    expect([status, body]).toMatchObject([200, { ...change, thumbnail_url: `http://127.0.0.1:8080/streams/${id}/thumbnail` }]);
    expect((await call<StreamView>('GET', `/streams/${id}`)).body).toEqual(body);
  });

  test('ends a stream by its workflow, which alone changes the status', async () => {
    const { id } = await make();
    await set(id, { status: 'live' });
    api.temporal.calls.length = 0;
    const { status, body } = await call<StreamView>('PUT', `/streams/${id}`, { status: 'ended', title: 'Last words' });
    expect([status, body.status, body.title]).toEqual([202, 'live', 'Last words']);
    expect(asked()).toEqual([['endBroadcast', expect.objectContaining({ stream_id: id }), expect.objectContaining({ user_id: person.user_id })]]);
    await set(id, { status: 'ended' });
    api.temporal.calls.length = 0;
    expect((await call('PUT', `/streams/${id}`, { status: 'ended' })).status).toBe(200);
    expect(asked()).toEqual([]);
  });

  test.each([
    [{ status: 'live' }, 'status'],
    [{ status: 'waiting' }, 'status'],
    [{ status: 'paused' }, 'status'],
    [{ scheduled_for: '2099-01-01T00:00:00Z' }, 'scheduled_for'],
    [{ viewer_count: 5 }, 'viewer_count'],
    [{ user_id: newId() }, 'user_id'],
    [{ record: false }, 'record'],
    [{}, 'body'],
  ])('refuses %j on a stream that is live, and names the field', async (body, field) => {
    const { id } = await make();
    await set(id, { status: 'live' });
    const { status, body: problem } = await call<Problem>('PUT', `/streams/${id}`, body);
    expect([status, problem.errors?.[0]?.field]).toEqual([422, field]);
    expect((await call<StreamView>('GET', `/streams/${id}`)).body.title).toBe('Show');
  });

  test('is for who made it; what is featured, for those who lead', async () => {
    const member = await api.person('member', person.workspace_id);
    const admin = await api.person('admin', person.workspace_id);
    const { id } = await make({}, member);
    expect((await call<Problem>('PUT', `/streams/${id}`, { title: 'Mine' }, person)).body).toMatchObject({ code: 'forbidden' });
    expect((await call<Problem>('PUT', `/streams/${id}`, { status: 'ended' }, admin)).status).toBe(403);
    expect((await call<Problem>('PUT', `/streams/${id}`, { featured: true }, member)).status).toBe(403);
    expect((await call<StreamView>('PUT', `/streams/${id}`, { featured: true }, admin)).body.featured).toBe(true);
    expect((await call('PUT', `/streams/${id}`, { title: 'Mine' }, member)).status).toBe(200);
  });
});

describe('DELETE /streams/{id}', () => {
  test.each(['live', 'reconnecting', 'ending'])('is refused while the stream is %s', async (status) => {
    const { id } = await make();
    await set(id, { status });
    expect((await call<Problem>('DELETE', `/streams/${id}`)).body).toMatchObject({ code: 'stream_not_deletable', status: 409 });
    expect((await call('GET', `/streams/${id}`)).status).toBe(200);
  });

  test('takes it away for everybody, ends its workflow, and keeps its videos', async () => {
    const { id } = await make();
    const vod = newId();
    await api.database.db
      .insertInto('vods')
      .values({ id: vod, workspace_id: person.workspace_id, stream_id: id, title: 'Show', visibility: 'public', source: 'recording', status: 'processing', segments_total: 0, segments_lost: 0 })
      .execute();
    expect((await call<StreamView>('GET', `/streams/${id}`)).body.vod_id).toBe(vod);
    api.temporal.calls.length = 0;
    expect((await call('DELETE', `/streams/${id}`)).status).toBe(204);
    expect(asked()).toMatchObject([['endBroadcast', { stream_id: id }, {}]]);
    for (const path of ['', '/public', '/sessions', '/viewers', '/thumbnail']) expect((await call<Problem>('GET', `/streams/${id}${path}`)).status).toBe(404);
    expect(await api.database.db.selectFrom('vods').select('id').where('id', '=', vod).executeTakeFirst()).toBeDefined();
    expect((await call('DELETE', `/streams/${id}`)).status).toBe(404);
  });
});

describe('POST /streams/{id}/rotate-key', () => {
  test('gives another key, shown once, and has the session of the old one cut', async () => {
    const made = await make();
    api.temporal.calls.length = 0;
    const { status, body } = await call<{ stream_key: string; stream_key_hint: string; rtmp_with_key: string }>('POST', `/streams/${made.id}/rotate-key`);
    expect([status, body.stream_key === made.stream_key, body.rtmp_with_key]).toEqual([200, false, `rtmp://127.0.0.1:1935/live/${body.stream_key}`]);
    const row = await api.database.db.selectFrom('streams').select(['stream_key_hash', 'key_version']).where('id', '=', made.id).executeTakeFirst();
    expect(row).toEqual({ stream_key_hash: hashStreamKey(body.stream_key), key_version: 2 });
    expect(asked()).toMatchObject([['rotateKey', { stream_id: made.id }, { key_version: 2 }]]);
    await set(made.id, { status: 'ended' });
    expect((await call<Problem>('POST', `/streams/${made.id}/rotate-key`)).body.code).toBe('stream_over');
    const member = await api.person('member', person.workspace_id);
    expect((await call<Problem>('POST', `/streams/${made.id}/rotate-key`, undefined, member)).status).toBe(403);
  });
});

describe('A private stream', () => {
  test('is shown to members and holders of a play URL of just this stream', async () => {
    const [made, other] = [await make({ visibility: 'private' }), await make({ visibility: 'private' })];
    const { body: play } = await call<{ token: string; expires_at: string; urls: Record<string, string> }>('POST', `/streams/${made.id}/play-url`);
    expect(play.urls).toEqual({
      whep: `http://127.0.0.1:8090/whep/${made.id}?token=${play.token}`,
      hls: `http://127.0.0.1:8090/hls/${made.id}/index.m3u8?token=${play.token}`,
      watch: `http://127.0.0.1:8080/watch/${made.id}?token=${play.token}`,
    });
    expect(Math.abs(Date.parse(play.expires_at) - Date.now() - 3_600_000)).toBeLessThan(60_000);
    const look = (id: string, { token, query }: { token?: string; query?: string } = {}) => api.call<Problem & StreamView>('GET', `/streams/${id}/public${query ? `?token=${query}` : ''}`, { token });
    const stranger = await api.person();
    expect((await look(made.id, { query: play.token })).body).toMatchObject({ id: made.id, urls: { whep: `http://127.0.0.1:8090/whep/${made.id}` } });
    expect((await look(made.id, { query: play.token, token: stranger.token })).status).toBe(200);
    expect((await look(made.id, { token: person.token })).status).toBe(200);
    expect((await look(made.id)).body).toMatchObject({ status: 401, reason: 'missing' });
    expect((await look(other.id, { query: play.token })).body).toMatchObject({ status: 401, reason: 'invalid' });
    expect((await look(made.id, { token: stranger.token })).status).toBe(404);
    const expired = await signToken('play', made.id, api.deps.config.jwtSecret, -1);
    expect((await look(made.id, { query: expired })).body).toMatchObject({ status: 401, code: 'token_expired', reason: 'expired' });
  });

  test('shows no more than its viewers need; a public one shows it to everybody', async () => {
    const made = await make();
    const { status, body } = await api.call<object>('GET', `/streams/${made.id}/public`);
    expect(status).toBe(200);
    expect(Object.keys(body).filter((field) => /key|user|workspace|rtmp|whip/.test(field))).toEqual([]);
    expect(body).toMatchObject({ urls: { hls: made.urls.hls, watch: made.urls.watch, whep: made.urls.whep } });
    expect((await api.call<Problem>('GET', `/streams/${newId()}/public`)).status).toBe(404);
  });
});

describe('What is told of a stream', () => {
  test('is where its host is, while one holds it', async () => {
    const { id } = await make();
    await api.database.db.insertInto('media_hosts').values({ id: 'edge-7', public_url: 'https://edge-7.example', task_queue: 'q', features: [], rtmp_url: null }).onConflict((conflict) => conflict.doNothing()).execute();
    await set(id, { media_host_id: 'edge-7' });
    expect((await call<StreamView>('GET', `/streams/${id}`)).body.urls).toMatchObject({ whep: `https://edge-7.example/whep/${id}`, whip: 'http://127.0.0.1:8090/whip' });
  });

  test('are its encoders’ sessions with their reasons, and its viewers over time, page by page', async () => {
    const { id } = await make();
    for (const epoch of [1, 2, 3]) {
      await api.database.db
        .insertInto('stream_sessions')
        .values({ id: newId(), stream_id: id, epoch, kind: 'whip', host_id: 'h', key_version: 1, remote_address: '192.0.2.1', user_agent: 'OBS', ended_at: new Date(), end_reason: 'silent', end_detail: 'No media.' })
        .execute();
      await api.database.db.insertInto('stream_viewer_samples').values({ stream_id: id, at: new Date(Date.UTC(2026, 0, 1, 0, epoch)), viewers: epoch }).execute();
    }
    const walk = async (what: string): Promise<Record<string, unknown>[]> => {
      const first = (await call<Page<Record<string, unknown>>>('GET', `/streams/${id}/${what}?limit=2`)).body;
      const second = (await call<Page<Record<string, unknown>>>('GET', `/streams/${id}/${what}?limit=2&cursor=${first.next_cursor}`)).body;
      expect(second.next_cursor).toBeNull();
      return [...first.items, ...second.items];
    };
    expect(await walk('sessions')).toMatchObject([3, 2, 1].map((epoch) => ({ epoch, end_reason: 'silent', end_detail: 'No media.', user_agent: 'OBS', media_host: 'h' })));
    expect((await walk('viewers')).map(({ viewers }) => viewers)).toEqual([1, 2, 3]);
    const stranger = await api.person();
    for (const what of ['sessions', 'viewers']) expect((await call<Problem>('GET', `/streams/${id}/${what}`, undefined, stranger)).status).toBe(404);
  });

  test('is its picture: the creator’s own, else the one that was taken', async () => {
    const { id } = await make();
    expect((await api.call<Problem>('GET', `/streams/${id}/thumbnail`)).status).toBe(404);
    await api.deps.media.put(thumbnailKey(id), Readable.from([Buffer.from('jpeg bytes')]), 1_000);
    const taken = await api.app.request(`/streams/${id}/thumbnail`);
    expect([taken.status, taken.headers.get('content-type'), await taken.text()]).toEqual([200, 'image/jpeg', 'jpeg bytes']);
    await call('PUT', `/streams/${id}`, { thumbnail: 'https://cdn.example/mine.jpg' });
    const own = await api.app.request(`/streams/${id}/thumbnail`);
    expect([own.status, own.headers.get('location')]).toEqual([302, 'https://cdn.example/mine.jpg']);
  });

  test('is nothing to another workspace, whatever is asked', async () => {
    const { id } = await make();
    const stranger = await api.person();
    const asks: [string, string, object?][] = [['GET', ''], ['PUT', '', { title: 'x' }], ['DELETE', ''], ['POST', '/rotate-key'], ['POST', '/play-url'], ['GET', '/viewers'], ['GET', '/sessions']];
    for (const [method, path, body] of asks) expect([method, path, (await call<Problem>(method, `/streams/${id}${path}`, body, stranger)).body.code]).toEqual([method, path, 'not_found']);
  });
});
