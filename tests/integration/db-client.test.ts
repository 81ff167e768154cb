import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { openDb } from '../../db/client.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('a connection that breaks inside a transaction is reported, and ends neither process nor pool', async () => {
  const onError = jest.fn();
  const { pool, close } = openDb({ url: database.url, onError });
  const client = await pool.connect();
  await client.query('begin');
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  await pool.query('select pg_terminate_backend($1)', [rows[0]!.pid]);
  await eventually(() => onError.mock.calls.length > 0);
  client.release(new Error('broken'));
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await close();
});
