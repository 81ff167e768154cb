import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ApiError } from '../../api/errors.ts';
import { PLAN_LIMITS } from '../../domain/plans.ts';
import { livestreamWorkflowId } from '../../domain/names.ts';
import { seedLivestream } from '../helpers/seed.ts';
import { createTestApi, type Answer, type Person, type TestApi } from '../helpers/test-api.ts';

interface View {
  id: string;
  status: string;
  status_code: string | null;
  status_reason: string | null;
  tiktok_username: string | null;
  room_id: string | null;
  [field: string]: unknown;
}
interface Problem {
  code: string;
  errors?: { field: string; message: string }[];
}
type Page = { items: View[]; next_cursor: string | null };

let api: TestApi;
let owner: Person;
let original: Pick<TestApi['temporal'], 'startLivestream' | 'disconnectLivestream'>;
beforeAll(async () => {
  api = await createTestApi();
  original = { ...api.temporal };
});
afterAll(() => api.close());
beforeEach(async () => {
  owner = await api.person();
  Object.assign(api.temporal, original);
  api.temporal.calls.length = 0;
});

const connect = (body: object, person = owner) =>
  api.call<View & Problem>('POST', '/api/livestreams/connect', { token: person.token, body });
const disconnect = (id: string) => api.call<View & Problem>('POST', `/api/livestreams/${id}/disconnect`, { token: owner.token });
const row = (id: string) => api.database.db.selectFrom('livestreams').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const setStatus = (id: string, status: 'live' | 'ended') =>
  api.database.db.updateTable('livestreams').set({ status }).where('id', '=', id).execute();
const temporalIsGone = () => Promise.reject(new ApiError('unavailable', { detail: 'Temporal', retryAfterS: 5 }));
const starts = () => api.temporal.calls.filter(({ name }) => name === 'startLivestream').map(({ args }) => args[0]);

describe('connecting', () => {
  test('a new LIVE is accepted as connecting with its seven counters, and its session is started', async () => {
    const { status, body } = await connect({ tiktok_input: 'https://www.tiktok.com/@Some.Body/live?x=1', wait_for_live: true });
    expect(status).toBe(202);
    expect(body).toMatchObject({
      tiktok_username: 'some.body',
      room_id: null,
      status: 'connecting',
      status_reason: null,
      wait_for_live: true,
      viewer_count: 0,
      connected_at: null,
      ended_at: null,
    });
    for (const counter of ['comments', 'gifts', 'likes', 'joins', 'follows', 'shares', 'events']) expect(body[`total_${counter}`]).toBe(0);
    expect(starts()).toEqual([{ livestream_id: body.id, workspace_id: owner.workspace_id, wait_for_live: true }]);
    expect(livestreamWorkflowId(body.id)).toBe(`livestream:${body.id}`);
  });

  test('what is no LIVE is refused with a fault that names the field and says what is accepted', async () => {
    for (const tiktok_input of ['', 'https://example.com/@name/live', '@na me', '12345 67']) {
      const { status, body } = await connect({ tiktok_input });
      expect([tiktok_input, status, body.code]).toEqual([tiktok_input, 422, 'invalid_tiktok_input']);
      expect(body.errors).toEqual([{ field: 'tiktok_input', message: expect.stringContaining('19-digit room id') }]);
    }
    expect((await connect({ tiktok_input: 5, wait_for_live: 'yes' })).body.errors?.map(({ field }) => field)).toEqual([
      'tiktok_input',
      'wait_for_live',
    ]);
  });

  test('a session cookie is kept encrypted and never shown', async () => {
    const { body } = await connect({ tiktok_input: '@adults', session_cookie: 'sessionid=s3cr3t' });
    const { session_cookie } = await row(body.id);
    expect(session_cookie).not.toContain('s3cr3t');
    expect(api.deps.secrets.open(session_cookie!)).toBe('sessionid=s3cr3t');
    expect(JSON.stringify(body)).not.toContain('cookie');
    expect(api.log()).not.toContain('s3cr3t');
  });

  test('the same room gives the session that runs, by name, room id and short link', async () => {
    for (const input of ['@twice', '7412345678901234567', 'https://vm.tiktok.com/ZMabc/']) {
      const first = await connect({ tiktok_input: input });
      await setStatus(first.body.id, 'live');
      const second = await connect({ tiktok_input: input, wait_for_live: true });
      expect([first.status, second.status, second.body.id]).toEqual([202, 200, first.body.id]);
      expect(second.body.wait_for_live).toBe(false);
    }
    const other = await api.person();
    expect((await connect({ tiktok_input: '@twice' }, other)).status).toBe(202);
  });

  test('twenty requests at once for one room make one session', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => connect({ tiktok_input: '@crowd' })));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
  });

  test('a room that has ended is connected anew', async () => {
    const first = await connect({ tiktok_input: '@again' });
    await setStatus(first.body.id, 'ended');
    const second = await connect({ tiktok_input: '@again' });
    expect(second.status).toBe(202);
    expect(second.body.id).not.toBe(first.body.id);
  });

  test('requests at once can not exceed the plan’s simultaneous livestreams', async () => {
    const { simultaneous_livestreams: limit } = PLAN_LIMITS.free;
    const answers = await Promise.all(Array.from({ length: limit + 5 }, (_, index) => connect({ tiktok_input: `@room${index}` })));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(limit);
    expect(answers.filter(({ body }) => body.code === 'plan_limit')).toHaveLength(5);
    await setStatus(answers.find(({ status }) => status === 202)!.body.id, 'ended');
    expect((await connect({ tiktok_input: '@one.more' })).status).toBe(202);
  });

  test('while Temporal is gone the livestream says what it waits for, and the next connect starts it', async () => {
    api.temporal.startLivestream = temporalIsGone;
    const first = await connect({ tiktok_input: '@later' });
    expect(first.status).toBe(202);
    expect(first.body).toMatchObject({
      status: 'connecting',
      status_code: 'unavailable',
      status_reason: expect.stringContaining('Temporal'),
    });
    Object.assign(api.temporal, original);
    expect((await connect({ tiktok_input: '@later' })).body.id).toBe(first.body.id);
    expect(starts()).toEqual([expect.objectContaining({ livestream_id: first.body.id })]);
  });

  test('a session that has begun is not started again', async () => {
    const { body } = await connect({ tiktok_input: '@begun' });
    await api.database.db.updateTable('livestreams').set({ consumer_epoch: 1 }).where('id', '=', body.id).execute();
    await connect({ tiktok_input: '@begun' });
    expect(starts()).toHaveLength(1);
  });
});

describe('disconnecting', () => {
  test('the running session is told; one that is over stays as it is', async () => {
    const id = await seedLivestream(api.database.db, owner.workspace_id, { status: 'live' });
    const told = await disconnect(id);
    expect([told.status, told.body.status]).toEqual([202, 'live']);
    expect(api.temporal.calls).toEqual([{ name: 'disconnectLivestream', args: [id] }]);
    await setStatus(id, 'ended');
    const over = await disconnect(id);
    expect([over.status, over.body.status]).toEqual([200, 'ended']);
    expect(api.temporal.calls).toHaveLength(1);
  });

  test('a livestream whose session is gone is closed at once, its cookie forgotten', async () => {
    api.temporal.disconnectLivestream = () => Promise.resolve('not_running');
    const id = await seedLivestream(api.database.db, owner.workspace_id, { status: 'reconnecting', session_cookie: 'sealed' });
    const { status, body } = await disconnect(id);
    expect([status, body.status]).toEqual([200, 'disconnected']);
    expect(body.ended_at).toEqual(expect.any(String));
    expect((await row(id)).session_cookie).toBeNull();
  });

  test('while Temporal is gone it says so, and nothing pretends to be disconnected', async () => {
    api.temporal.disconnectLivestream = temporalIsGone;
    const id = await seedLivestream(api.database.db, owner.workspace_id, { status: 'live' });
    const { status, headers, body } = await disconnect(id);
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'unavailable', '5']);
    expect((await row(id)).status).toBe('live');
  });
});

describe('looking', () => {
  test('the list is newest first, in pages, filtered by status', async () => {
    const ids: string[] = [];
    for (const status of ['live', 'ended', 'live', 'failed', 'live'] as const)
      ids.unshift(await seedLivestream(api.database.db, owner.workspace_id, { status }));
    const get = (query: string): Promise<Answer<Page>> => api.call('GET', `/api/livestreams?${query}`, { token: owner.token });
    const first = await get('limit=3');
    expect(first.body.items.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    const second = await get(`limit=3&cursor=${first.body.next_cursor}`);
    expect(second.body.items.map(({ id }) => id)).toEqual(ids.slice(3));
    expect(second.body.next_cursor).toBeNull();
    expect((await get('status=ended,failed')).body.items.map(({ status }) => status)).toEqual(['failed', 'ended']);
    expect((await get('status=ended&status=failed')).body.items).toHaveLength(2);
    expect(await get('status=asleep')).toMatchObject({ status: 422, body: { errors: [{ field: expect.stringContaining('status') }] } });
    expect(await get('cursor=nonsense')).toMatchObject({ status: 422, body: { errors: [{ field: 'cursor' }] } });
  });

  test('a livestream of another workspace is not there', async () => {
    const id = await seedLivestream(api.database.db, (await api.person()).workspace_id);
    for (const path of [id, randomUUID(), `${id}/events`, `${id}/report`]) {
      expect([path, (await api.call('GET', `/api/livestreams/${path}`, { token: owner.token })).status]).toEqual([path, 404]);
    }
    expect((await disconnect(id)).status).toBe(404);
  });
});
