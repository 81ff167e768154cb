import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { signToken } from '../../db/signed-token.ts';
import { ask, closeClients, joinChat, okay, say } from '../helpers/chat.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { Product } from '../helpers/product.ts';
import { seedStream } from '../helpers/recordings.ts';
import { seedWorkspace } from '../helpers/seed.ts';
import { testTemporalAddress } from '../helpers/temporal.ts';

const JWT_SECRET = 'test-secret-test-secret-test-secret-1';

let database: TestDatabase;
let one: Product;
let two: Product;

beforeAll(async () => {
  const REDIS_URL = process.env.TEST_REDIS_URL;
  if (!REDIS_URL) throw new Error('Redis is needed: TEST_REDIS_URL');
  database = await createTestDatabase();
  const start = () => Product.start({ databaseUrl: database.url, temporalAddress: testTemporalAddress(), env: { REDIS_URL, JWT_SECRET }, parts: ['api'] });
  [one, two] = await Promise.all([start(), start()]);
}, 120_000);
afterEach(closeClients);
afterAll(async () => {
  await Promise.all([one.stop(), two.stop()]);
  await database.drop();
});

test('two API processes are one chat: messages, bans, and a connection that goes on in the other when one is stopped', async () => {
  const [owner, ada, bob] = await Promise.all([seedWorkspace(database.db), seedWorkspace(database.db), seedWorkspace(database.db)]);
  const stream = await seedStream(database.db, owner);
  const tokenOf = ({ user_id }: { user_id: string }) => signToken('access', user_id, JWT_SECRET, 600);
  const boss = await joinChat(two.apiUrl, await tokenOf(owner), stream);
  const a = await joinChat(one.apiUrl, await tokenOf(ada), stream, { reconnection: true, reconnectionDelay: 200, reconnectionDelayMax: 500 });
  const b = await joinChat(one.apiUrl, await tokenOf(bob), stream);
  await eventually(async () => {
    await say(boss, stream, 'hello');
    return eventually(() => a.texts.includes('hello'), { timeoutMs: 3_000 });
  });
  await say(a, stream, 'hello back');
  await eventually(() => boss.texts.includes('hello back'));

  const cut = new Promise((resolve) => b.client.once('disconnect', resolve));
  okay(await ask(boss, 'moderate', { stream_id: stream, user_id: bob.user_id, kind: 'ban', seconds: 600 }));
  expect(await cut).toBe('io server disconnect');

  const back = new Promise<void>((resolve) => a.client.once('connect', resolve));
  Object.assign(a.client.io, { uri: two.apiUrl });
  await one.kill('api', 'SIGTERM');
  await say(boss, stream, 'while you were away');
  await back;
  expect(a.told('closing')).toEqual([{ code: 'unavailable', message: expect.any(String), reconnect: true }]);
  expect(a.client.recovered).toBe(true);
  await eventually(() => a.texts.includes('while you were away'));
  await say(a, stream, 'here again');
}, 120_000);
