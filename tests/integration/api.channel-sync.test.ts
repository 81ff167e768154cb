import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiError } from '../../api/errors.ts';
import { newId } from '../../db/ids.ts';
import type { WorkspaceRole } from '../../domain/permissions.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

let api: TestApi;
let owner: Person;
let channel: string;
beforeAll(async () => {
  api = await createTestApi();
  owner = await api.person();
  channel = await connect(owner.workspace_id);
});
afterAll(() => api.close());
beforeEach(async () => {
  api.temporal.calls.length = 0;
  await api.database.db.updateTable('channels').set({ state: 'active' }).execute();
});

async function connect(workspace_id: string): Promise<string> {
  const { db } = api.database;
  const [authorization_id, id] = [newId(), newId()];
  await db
    .insertInto('shop_authorizations')
    .values({ id: authorization_id, workspace_id, open_id: authorization_id, seller_name: null, seller_base_region: null, granted_scopes: [], state: 'connected', access_token: 'sealed', refresh_token: 'sealed' })
    .execute();
  await db.insertInto('channels').values({ id, workspace_id, authorization_id, shop_id: id, shop_cipher: 'sealed', name: 'Shop', region: 'GB', seller_type: null, code: null, state: 'active' }).execute();
  return id;
}
const syncOf = (uid = channel, person = owner) => api.call<any>('GET', `/channels/${uid}/sync`, { token: person.token }); // eslint-disable-line @typescript-eslint/no-explicit-any

describe('GET /channels/{channel_uid}/sync', () => {
  test('shows a channel that was never synced', async () => {
    const { status, body } = await syncOf();
    expect(status).toBe(200);
    expect(body).toMatchObject({ channel_uid: channel, state: 'active', interval_s: 300, set_aside: { total: 0, items: [] } });
    expect(body.parts.orders).toMatchObject({ cursor: null, lag_s: null, runs: 0, missed: 0, is_listing: false, last_error: null });
    const next = Date.parse(body.next_run_at) - Date.now();
    expect(next).toBeGreaterThan(-1_000);
    expect(next).toBeLessThanOrEqual(300_000);
  });

  test('shows cursors, lag, what was missed, TikTok’s reason, and what is set aside', async () => {
    const { db } = api.database;
    const cursor = new Date(Date.now() - 90_000);
    await db.insertInto('shop_sync_cursors').values({ channel_id: channel, kind: 'orders', cursor, window_from: cursor, window_to: new Date(), page_token: 'p', last_started_at: cursor, last_finished_at: cursor, last_error_code: 'tiktok_internal', last_error: 'TikTok Shop: 36009003', runs: 3, calls: 9, seen: 812, missed: 2, last_missed_at: cursor }).execute();
    await db.insertInto('shop_set_aside').values([{ channel_id: channel, kind: 'order', entity_id: '57', code: 'tiktok_bad_response', reason: 'update_time' }, { channel_id: channel, kind: 'order', entity_id: '', code: 'tiktok_bad_response', reason: 'no id' }]).execute();
    const { body } = await syncOf();
    expect(body.parts.orders).toMatchObject({ cursor: cursor.toISOString(), is_listing: true, last_error_code: 'tiktok_internal', last_error: 'TikTok Shop: 36009003', runs: 3, calls: 9, seen: 812, missed: 2 });
    expect(body.parts.orders.lag_s).toBeGreaterThanOrEqual(90);
    expect(JSON.stringify(body)).not.toContain('page_token');
    expect(body.set_aside.total).toBe(2);
    expect(body.set_aside.items.map(({ id }: { id: string | null }) => id).sort()).toEqual(['57', null]);
  });

  test('of another workspace, or of nobody, is not there', async () => {
    const stranger = await api.person();
    expect((await syncOf(channel, stranger)).status).toBe(404);
    expect((await syncOf(newId())).status).toBe(404);
    expect((await syncOf('no-uuid')).status).toBe(422);
  });
});

describe('POST /channels/{channel_uid}/sync', () => {
  test('has it run now', async () => {
    const { status } = await api.call('POST', `/channels/${channel}/sync`, { token: owner.token });
    expect(status).toBe(202);
    expect(api.temporal.calls).toEqual([{ name: 'triggerSync', args: [{ channel_id: channel, workspace_id: owner.workspace_id }] }]);
  });

  test('is refused for a channel that is paused, disconnected or another’s', async () => {
    await api.database.db.updateTable('channels').set({ state: 'paused', state_reason: 'taken back' }).execute();
    expect(await api.call('POST', `/channels/${channel}/sync`, { token: owner.token })).toMatchObject({ status: 409, body: { code: 'shop_channel_paused', detail: expect.stringContaining('taken back') } });
    expect((await syncOf()).body).toMatchObject({ state: 'paused', next_run_at: null });
    await api.database.db.updateTable('channels').set({ state: 'disconnected' }).execute();
    expect(await api.call('POST', `/channels/${channel}/sync`, { token: owner.token })).toMatchObject({ status: 409, body: { code: 'shop_channel_disconnected' } });
    expect((await api.call('POST', `/channels/${channel}/sync`, { token: (await api.person()).token })).status).toBe(404);
    expect(api.temporal.calls).toEqual([]);
  });
});

describe('/orders/fetch', () => {
  test.each(['GET', 'POST'])('%s starts a job', async (method) => {
    const { status, headers, body } = await api.call<{ job_id: string }>(method, `/orders/fetch?channel_uid=${channel}&days_ago=7`, { token: owner.token });
    expect([status, headers.get('location')]).toEqual([202, `/jobs/${body.job_id}`]);
    const job = await api.database.db.selectFrom('jobs').selectAll().where('id', '=', body.job_id).executeTakeFirstOrThrow();
    expect(job).toMatchObject({ workspace_id: owner.workspace_id, channel_id: channel, kind: 'order_backfill', state: 'queued', created_by: owner.user_id });
    const { from_ms, to_ms } = job.params as { from_ms: number; to_ms: number };
    expect(to_ms - from_ms).toBe(7 * 86_400_000);
    expect(api.temporal.calls).toEqual([{ name: 'startJob', args: ['order_backfill', { job_id: body.job_id, workspace_id: owner.workspace_id, channel_id: channel }] }]);
  });

  test.each([
    ['days_ago', 'days_ago=0'],
    ['days_ago', 'days_ago=366'],
    ['days_ago', 'days_ago=soon'],
    ['days_ago', ''],
  ])('names %s where it is “%s”', async (field, query) => {
    const { status, body } = await api.call<{ errors: { field: string }[] }>('GET', `/orders/fetch?channel_uid=${channel}&${query}`, { token: owner.token });
    expect(status).toBe(422);
    expect(JSON.stringify(body)).toContain(field);
    expect(api.temporal.calls).toEqual([]);
  });

  test('keeps the job where Temporal is away', async () => {
    const { startJob } = api.temporal.shop;
    api.temporal.shop.startJob = () => Promise.reject(new ApiError('unavailable'));
    const { status, body } = await api.call<{ job_id: string }>('GET', `/orders/fetch?channel_uid=${channel}&days_ago=7`, { token: owner.token });
    api.temporal.shop.startJob = startJob;
    expect(status).toBe(202);
    expect(await api.database.db.selectFrom('jobs').select('state').where('id', '=', body.job_id).executeTakeFirst()).toEqual({ state: 'queued' });
  });

  test('is refused for a channel of another workspace or one that is paused', async () => {
    const stranger = await api.person();
    expect((await api.call('GET', `/orders/fetch?channel_uid=${channel}&days_ago=7`, { token: stranger.token })).status).toBe(404);
    await api.database.db.updateTable('channels').set({ state: 'paused' }).execute();
    expect(await api.call('GET', `/orders/fetch?channel_uid=${channel}&days_ago=7`, { token: owner.token })).toMatchObject({ status: 409, body: { code: 'shop_channel_paused' } });
  });
});

test.each<[WorkspaceRole, number, number, number]>([
  ['admin', 200, 202, 202],
  ['sales', 200, 202, 202],
  ['warehouse', 200, 403, 403],
  ['member', 403, 403, 403],
  ['social_marketing', 403, 403, 403],
])('As %s: looking %i, syncing %i, fetching %i', async (role, look, sync, fetch) => {
  const { token } = await api.person(role, owner.workspace_id);
  const statuses = [
    await api.call('GET', `/channels/${channel}/sync`, { token }),
    await api.call('POST', `/channels/${channel}/sync`, { token }),
    await api.call('GET', `/orders/fetch?channel_uid=${channel}&days_ago=1`, { token }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([look, sync, fetch]);
});
