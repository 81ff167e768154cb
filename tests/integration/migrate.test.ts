import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { migrateToLatest } from '../../db/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('a second migration of the same database changes nothing', async () => {
  expect(await migrateToLatest(database.db)).toEqual([]);
});

test('several processes may migrate at once', async () => {
  await expect(Promise.all([1, 2, 3].map(() => migrateToLatest(database.db)))).resolves.toEqual([[], [], []]);
});
