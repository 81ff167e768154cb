import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../db/ids.ts';
import { countViewers } from '../../db/media-host.repository.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { seedWorkspace } from '../helpers/seed.ts';
import { seedStream } from '../helpers/streams.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

test('the viewers that another host has counted are added only while it has the stream', async () => {
  const { db } = database;
  const { id } = await seedStream(db, await seedWorkspace(db), { status: 'live' });
  const session = { id: newId(), stream_id: id, epoch: 1, kind: 'whip' as const, host_id: 'old' };
  const viewers = async (): Promise<number> => (await db.selectFrom('streams').select('viewer_count').where('id', '=', id).executeTakeFirstOrThrow()).viewer_count;
  await db.insertInto('stream_sessions').values(session).execute();
  await countViewers(db, 'old', [{ stream_id: id, viewers: 5 }]);
  await countViewers(db, 'new', [{ stream_id: id, viewers: 2 }]);
  expect(await viewers()).toBe(7);

  // The stream changes its host, and the same people watch there.
  await db.updateTable('stream_sessions').set({ ended_at: new Date() }).where('id', '=', session.id).execute();
  await db.insertInto('stream_sessions').values({ ...session, id: newId(), epoch: 2, host_id: 'new' }).execute();
  await countViewers(db, 'new', [{ stream_id: id, viewers: 6 }]);
  expect(await viewers()).toBe(6);
});
