import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../db/ids.ts';
import { seedLivestream, seedRule } from '../helpers/seed.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface Limits {
  sign_budget: { waiting: object[]; [field: string]: unknown };
  [field: string]: unknown;
}

let api: TestApi;
let owner: Person;
beforeAll(async () => {
  api = await createTestApi({ signLimitPerMinute: 10 });
  owner = await api.person();
});
afterAll(() => api.close());

const limits = async (person = owner) => (await api.call<Limits>('GET', '/api/limits', { token: person.token })).body;

test('an unused workspace has its plan’s limits, and the sign service’s allowance is the configured one', async () => {
  expect(await limits()).toEqual({
    plan_tier: 'free',
    livestreams: { active: 0, limit: 10 },
    rules: { active: 0, limit: 100 },
    event_retention_days: 30,
    sign_budget: { limit: 10, remaining: 10, reset_at: null, blocked_until: null, waiting: [], waiting_others: 0 },
  });
});

test('what is active is counted; who waits is named for one’s own livestreams only, with their place', async () => {
  const stranger = await api.person();
  const own = await seedLivestream(api.database.db, owner.workspace_id, { status: 'waiting' });
  await seedLivestream(api.database.db, owner.workspace_id, { status: 'ended' });
  await seedRule(api.database.db, owner.workspace_id);
  await seedRule(api.database.db, owner.workspace_id, { is_active: false });
  const theirs = await seedLivestream(api.database.db, stranger.workspace_id);
  for (const livestream_id of [theirs, newId(), own])
    await api.database.db.insertInto('sign_tickets').values({ livestream_id, seen_at: new Date() }).execute();
  const blocked_until = new Date(Date.now() + 60_000);
  await api.database.db
    .updateTable('sign_budget')
    .set({ limit_per_window: 30, remaining: 0, reset_at: blocked_until, blocked_until })
    .execute();

  const body = await limits();
  expect(body).toMatchObject({ livestreams: { active: 1 }, rules: { active: 1 } });
  expect(body.sign_budget).toEqual({
    limit: 30,
    remaining: 0,
    reset_at: blocked_until.toISOString(),
    blocked_until: blocked_until.toISOString(),
    waiting: [{ livestream_id: own, since: expect.any(String), place: 3 }],
    waiting_others: 2,
  });
  expect(JSON.stringify(body)).not.toContain(theirs);
  expect((await limits(stranger)).sign_budget).toMatchObject({ waiting: [{ livestream_id: theirs, place: 1 }], waiting_others: 2 });
});
