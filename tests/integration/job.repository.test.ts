import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addJobErrors, createJob, findJob, finishJob, listJobs, listOpenJobs, progressJob, startJob, type NewJob } from '../../db/job.repository.ts';
import { newId } from '../../db/ids.ts';
import { MAX_JOB_ERRORS, type JobError } from '../../domain/contracts/shop-job.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { seedWorkspace } from '../helpers/seed.ts';
import { seedBareChannel } from '../helpers/products.ts';

describe('Jobs', () => {
  let database: TestDatabase;
  let workspace_id: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    ({ workspace_id } = await seedWorkspace(database.db));
  });
  afterAll(() => database.drop());
  const sync = async (over: Partial<NewJob> = {}): Promise<NewJob> => ({
    workspace_id,
    channel_id: await seedBareChannel(database.db, workspace_id),
    kind: 'product_sync',
    params: { kind: 'product_sync' },
    created_by: null,
    ...over,
  });
  const row = async (id: string) => (await findJob(database.db, workspace_id, id))!;

  test('a channel has one product sync at a time, however many ask at once', async () => {
    const wanted = await sync();
    const ids = await Promise.all(Array.from({ length: 8 }, () => createJob(database.db, wanted)));
    expect(new Set(ids).size).toBe(1);
    await finishJob(database.db, ids[0]!, { state: 'succeeded' });
    expect(await createJob(database.db, wanted)).not.toBe(ids[0]);
  });

  test('jobs of another kind do not keep each other off', async () => {
    const wanted = await sync({ kind: 'product_update', params: { kind: 'product_update', action: 'activate', product_ids: ['1'] } });
    expect(await createJob(database.db, wanted)).not.toBe(await createJob(database.db, wanted));
  });

  test('progress is a total, errors are kept once and bounded, and nothing changes a job that has ended', async () => {
    const { db } = database;
    const id = await createJob(db, await sync());
    expect((await startJob(db, { job_id: id, workspace_id }))?.state).toBe('running');
    await progressJob(db, id, { done: 10, failed: 1, calls: 2, total: 20, page_token: 'next' });
    await progressJob(db, id, { done: 10, failed: 1, calls: 2 });
    const faults = (from: number, count: number): JobError[] => Array.from({ length: count }, (_, n) => ({ id: String(from + n), code: 'shop_refused', reason: 'TikTok: no\u0000' }));
    await addJobErrors(db, id, faults(0, 3));
    await addJobErrors(db, id, faults(0, 3));
    expect((await row(id)).errors.map((error) => error.id)).toEqual(['0', '1', '2']);
    await addJobErrors(db, id, faults(3, 300));
    expect((await row(id)).errors).toHaveLength(MAX_JOB_ERRORS);
    expect(await row(id)).toMatchObject({ done: 10, failed: 1, calls: 2, total: 20, page_token: 'next' });

    await finishJob(db, id, { state: 'failed', code: 'shop_channel_paused', reason: 'paused' });
    await finishJob(db, id, { state: 'succeeded' });
    await progressJob(db, id, { done: 99, failed: 0, calls: 99 });
    expect(await row(id)).toMatchObject({ state: 'failed', state_code: 'shop_channel_paused', state_reason: 'paused', done: 10, page_token: null });
    expect(await startJob(db, { job_id: id, workspace_id })).toBeUndefined();
  });

  test('they are listed newest first, and never to another workspace', async () => {
    const { db } = database;
    const wanted = await sync({ kind: 'order_backfill', params: { kind: 'order_backfill', from_ms: 0, to_ms: 1 } });
    const ids = [await createJob(db, wanted), await createJob(db, wanted)];
    const listed = await listJobs(db, { workspace_id, channel_id: wanted.channel_id!, limit: 10 });
    expect(listed.map(({ id }) => id)).toEqual(ids.toReversed());
    expect(await listJobs(db, { workspace_id, channel_id: wanted.channel_id!, before: ids[1], limit: 10 })).toHaveLength(1);
    expect(await listJobs(db, { workspace_id, kind: ['inventory_update'], limit: 10 })).toEqual([]);
    expect(await findJob(db, newId(), ids[0]!)).toBeUndefined();
  });

  test('those that are open for a while are found, the ended are not', async () => {
    const { db } = database;
    const [open, ended] = [await createJob(db, await sync()), await createJob(db, await sync())];
    await finishJob(db, ended, { state: 'succeeded' });
    expect((await listOpenJobs(db, { olderThanMs: 3_600_000, limit: 100 })).map(({ job_id }) => job_id)).not.toContain(open);
    const found = (await listOpenJobs(db, { olderThanMs: -1_000, limit: 100 })).map(({ job_id }) => job_id);
    expect(found).toContain(open);
    expect(found).not.toContain(ended);
  });
});
