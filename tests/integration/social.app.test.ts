import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findSocialApp } from '../../db/social-app.repository.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { seedWorkspace } from '../helpers/seed.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('Without a workspace there is no app', async () => {
  expect(await findSocialApp(database.db)).toBeNull();
});

test('The app is the oldest workspace’s, opened once by however many come first together', async () => {
  const { workspace_id: oldest } = await seedWorkspace(database.db);
  await seedWorkspace(database.db);
  // Which index two of them meet in is a matter of microseconds: one round in ten showed the fault.
  for (let round = 0; round < 60; round++) {
    const found = await Promise.all(Array.from({ length: 10 }, () => findSocialApp(database.db)));
    expect(new Set(found)).toEqual(new Set([oldest]));
    expect(await counts()).toEqual({ accounts: 3, gifts: 4, packages: 4 });
    await database.pool.query('delete from coin_accounts; delete from gifts; delete from coin_packages; delete from social_app');
  }
});

const counts = async () =>
  (
    await database.pool.query(
      'select (select count(*) from coin_accounts) as accounts, (select count(*) from gifts) as gifts, (select count(*) from coin_packages) as packages',
    )
  ).rows[0];
