import { afterEach, expect, test } from '@jest/globals';
import { takeTurns } from '../../db/rate-counter.repository.ts';
import type { ApiConfig } from '../../api/deps.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

let api: TestApi;
const start = async (config: Partial<ApiConfig>) => (api = await createTestApi(config));
afterEach(() => api.close());

const tryLogin = (email: string, options = {}) =>
  api.call<{ code: string }>('POST', '/api/auth/login', { body: { email, password: 'guess' }, address: '203.0.113.7', ...options });
const statuses = async (times: number, attempt: (time: number) => Promise<{ status: number }>) => {
  const seen: number[] = [];
  for (let time = 0; time < times; time++) seen.push((await attempt(time)).status);
  return seen;
};

test('the fourth login of a minute is refused for this address and e-mail, and no other', async () => {
  await start({ loginRatePerMinute: 3 });
  expect(await statuses(4, () => tryLogin('ada@example.com'))).toEqual([401, 401, 401, 429]);
  const { body, headers } = await tryLogin(' ADA@example.com');
  expect(body.code).toBe('rate_limited');
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
  expect((await tryLogin('grace@example.com')).status).toBe(401);
  expect((await tryLogin('ada@example.com', { address: '203.0.113.8' })).status).toBe(401);
});

test('one address that tries many e-mails is refused, and so is one e-mail that many addresses try', async () => {
  await start({ loginRatePerMinute: 1 });
  expect(await statuses(11, (time) => tryLogin(`user${time}@example.com`))).toEqual([...Array(10).fill(401), 429]);
  const fromElsewhere = (time: number) => tryLogin('victim@example.com', { address: `198.51.100.${time}` });
  expect(await statuses(11, fromElsewhere)).toEqual([...Array(10).fill(401), 429]);
});

test('all addresses of one IPv6 network count as one', async () => {
  await start({ loginRatePerMinute: 2 });
  const from = (address: string) => tryLogin('ada@example.com', { address });
  expect((await from('2001:db8:1:2::1')).status).toBe(401);
  expect((await from('2001:db8:1:2:ffff::9')).status).toBe(401);
  expect((await from('2001:db8:1:2::77')).status).toBe(429);
  expect((await from('2001:db8:1:3::77')).status).toBe(401);
});

test('X-Forwarded-For is believed only as far as proxies are trusted', async () => {
  await start({ loginRatePerMinute: 1, trustedProxies: 1 });
  const via = (forwarded: string) => tryLogin('ada@example.com', { headers: { 'x-forwarded-for': forwarded } });
  expect((await via('192.0.2.1, 203.0.113.50')).status).toBe(401);
  expect((await via('192.0.2.2, 203.0.113.50')).status).toBe(429);
  expect((await via('203.0.113.51')).status).toBe(401);
});

test('without a trusted proxy X-Forwarded-For changes nothing', async () => {
  await start({ loginRatePerMinute: 1 });
  const spoofed = (time: number) => tryLogin('ada@example.com', { headers: { 'x-forwarded-for': `192.0.2.${time}` } });
  expect(await statuses(2, spoofed)).toEqual([401, 429]);
});

test('registrations are counted by address', async () => {
  await start({ loginRatePerMinute: 1 });
  const register = (time: number) =>
    api.call('POST', '/api/auth/register', {
      body: { email: `r${time}@example.com`, password: 'long enough', full_name: 'R' },
      address: '203.0.113.9',
    });
  expect(await statuses(11, register)).toEqual([...Array(10).fill(201), 429]);
});

test('a workspace that asks too much is refused, another is not', async () => {
  await start({ workspaceRatePerMinute: 2 });
  const [one, other] = [await api.person(), await api.person()];
  const ask = (token: string) => api.call('GET', '/api/devices', { token });
  expect(await statuses(3, () => ask(one.token))).toEqual([200, 200, 429]);
  expect(Number((await ask(one.token)).headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await ask(other.token)).status).toBe(200);
});

test('a window that is over starts anew, and calls take old rows of others away', async () => {
  await start({});
  const { db } = api.database;
  await takeTurns(db, ['mine', 'old'], 60);
  expect(await takeTurns(db, ['mine'], 60)).toMatchObject([{ key: 'mine', count: 2 }]);
  await db
    .updateTable('rate_counters')
    .set({ resets_at: new Date(Date.now() - 1_000) })
    .execute();
  expect(await takeTurns(db, ['mine'], 60)).toMatchObject([{ key: 'mine', count: 1, resets_in_s: 60 }]);
  expect((await db.selectFrom('rate_counters').select('key').execute()).map(({ key }) => key)).toEqual(['mine']);
});

test('many processes that count the same keys at once lose no turn and do not block one another', async () => {
  await start({});
  await Promise.all(Array.from({ length: 40 }, (_, i) => takeTurns(api.database.db, i % 2 ? ['a', 'b'] : ['b', 'a'], 60)));
  const turns = await takeTurns(api.database.db, ['a', 'b'], 60);
  expect(turns.map(({ count }) => count)).toEqual([41, 41]);
});
