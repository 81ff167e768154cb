import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { measureOutbox } from '../../db/outbox-backlog.repository.ts';
import { newId } from '../../db/ids.ts';
import { deleteSpent } from '../../db/retention.repository.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { append, orderMessage } from '../helpers/messages.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('messages stay until they went all their ways and a week is over; those given up and dead letters stay a month', async () => {
  const channel = { channel_id: newId(), workspace_id: newId() };
  const state: [string, string, boolean][] = [
    ['sent a week ago', `created_at = now() - interval '8 days', amqp_at = now(), http_at = '-infinity'`, false],
    ['sent lately', `created_at = now() - interval '6 days', amqp_at = now(), http_at = now()`, true],
    ['waits for RabbitMQ', `created_at = now() - interval '90 days', http_at = now()`, true],
    ['waits for the order service', `created_at = now() - interval '8 days', amqp_at = now()`, true],
    ['given up lately', `created_at = now() - interval '29 days', amqp_at = now(), http_gave_up_at = now()`, true],
    ['given up long ago', `created_at = now() - interval '31 days', amqp_at = now(), http_gave_up_at = now()`, false],
  ];
  for (const [name, set] of state) {
    await append(database.db, orderMessage(channel, name, 1));
    await database.pool.query(`update shop_outbox set ${set} where key = $1`, [`${channel.channel_id}:${name}`]);
  }
  for (const days of [29, 31]) {
    await database.pool.query(`insert into shop_dead_letters (id, queue, body, code, reason, created_at) values ($1, 'q', $2, 'malformed_json', 'r', now() - $3 * interval '1 day')`, [newId(), String(days), days]);
  }
  let beats = 0;
  await deleteSpent(database.db, () => (beats += 1));
  const left = await database.db.selectFrom('shop_outbox').select('key').orderBy('seq').execute();
  expect(left.map(({ key }) => key.split(':')[1])).toEqual(state.filter(([, , stays]) => stays).map(([name]) => name));
  expect(await database.db.selectFrom('shop_dead_letters').select('body').execute()).toEqual([{ body: '29' }]);
  expect(beats).toBeGreaterThanOrEqual(3);
  expect(await measureOutbox(database.db)).toEqual([
    { way: 'amqp', waiting: 1, oldest_s: expect.closeTo(90 * 86_400, -3) },
    { way: 'http', waiting: 1, oldest_s: expect.closeTo(8 * 86_400, -3) },
  ]);
});
