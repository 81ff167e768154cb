import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { eventually } from '../helpers/eventually.ts';
import type { TestAppUser } from '../helpers/social.ts';
import { createStoreWorld, type StoreWorld } from '../helpers/store-world.ts';
import type { Person } from '../helpers/test-api.ts';

const IBAN = { method: 'bank_transfer', account_holder: 'Ada Lovelace', iban: 'DE89 3704 0044 0532 0130 00' };
const PAYOUT = { minCoins: 1_000, coinMinor: 50, currency: 'EUR', holdS: 0 };

interface PayoutMsg {
  Payout: { id: string; status: string; coins: string; amount: string; destination: string; currency: string };
  wallet: string;
}

let world: StoreWorld;
let admin: Person;
let second: Person;
beforeAll(async () => {
  world = await createStoreWorld({ config: { social: { tokenTtlS: 3_600, payout: PAYOUT, videoMaxBytes: 1, videoMaxS: 1 } } });
  await world.worker();
  [admin, second] = [await world.api.person('admin', world.workspace_id), await world.api.person('owner', world.workspace_id)];
}, 120_000);
afterAll(() => world.close(), 60_000);
afterEach(async () => expect(await world.faults()).toEqual([]));

async function rich(coins = 5_000): Promise<TestAppUser> {
  const user = await world.user();
  await world.give(user, coins);
  return user;
}
const ask = (user: TestAppUser, over: Record<string, unknown> = {}) => world.verb<PayoutMsg>(user, 'requestPayout', { coins: '2000', destination: IBAN, request_id: randomUUID(), ...over });
const becomes = (id: string, status: string) => eventually(async () => ((await world.payout(id)).status === status ? world.payout(id) : null));
const decide = (id: string, decision: string, by = admin, over: object = {}) =>
  world.api.call<{ status: string; code?: string }>('POST', `/social/payouts/${id}/decide`, { token: by.token, headers: { 'x-workspace-id': world.workspace_id }, body: { decision, reason: decision === 'approve' || decision === 'paid' ? null : 'The name differs.', ...over } });

describe('A payout', () => {
  test('holds its coins at once, and is paid when an admin has approved and paid it', async () => {
    const user = await rich();
    const before = await world.accounts();
    const { code, msg } = await ask(user);
    expect([code, msg]).toMatchObject([200, { Payout: { coins: '2000', amount: '1000', currency: 'EUR', destination: 'IBAN DE…3000' }, wallet: '3000' }]);
    const { id } = msg.Payout;
    expect((await world.payout(id)).destination).not.toContain('3704');
    await becomes(id, 'awaiting_approval');
    expect((await decide(id, 'approve')).body).toMatchObject({ status: 'approved', decided_by: admin.user_id });
    expect((await decide(id, 'paid', second, { payment_reference: 'SEPA-17' })).body).toMatchObject({ status: 'paid', payment_reference: 'SEPA-17', decided_by: second.user_id });
    await world.payoutEnd(id);
    expect(await world.balance(user)).toBe(3_000);
    expect((await world.accounts()).payout! - before.payout!).toBe(2_000);
    expect((await world.movements(id)).map(({ kind }) => kind)).toEqual(['payout_hold']);
    expect((await world.notifications(user)).map(({ text }) => text)).toEqual(['Your payout of 2000 coins was approved, and is on its way.', 'Your payout of 2000 coins was paid.']);
    expect((await decide(id, 'reject')).body).toMatchObject({ code: 'payout_decided' });
  });

  test.each(['reject', 'failed'])('gives its coins back once: %s', async (decision) => {
    const user = await rich();
    const { id } = (await ask(user)).msg.Payout;
    await becomes(id, 'awaiting_approval');
    await Promise.all([decide(id, decision), decide(id, decision), decide(id, decision, second)]);
    await world.payoutEnd(id);
    expect(await world.balance(user)).toBe(5_000);
    expect((await world.movements(id)).map(({ kind }) => kind)).toEqual(['payout_hold', 'payout_return']);
    expect((await world.verb<{ Payouts: { Payout: object }[] }>(user, 'showPayouts')).msg.Payouts[0]).toMatchObject({ Payout: { status: 'returned', reason: 'The name differs.' } });
    // And another may be asked for.
    expect((await ask(user)).code).toBe(200);
  });

  test('is decided once where two admins decide at once', async () => {
    for (let round = 0; round < 4; round += 1) {
      const user = await rich();
      const { id } = (await ask(user)).msg.Payout;
      await becomes(id, 'awaiting_approval');
      const answers = await Promise.all([decide(id, 'paid', admin), decide(id, 'reject', second)]);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
      const { status } = await world.payout(id);
      expect(await world.balance(user)).toBe(status === 'paid' ? 3_000 : 5_000);
    }
  });

  test('whose user has deleted their account goes back to the house', async () => {
    const user = await rich(2_000);
    const { id } = (await ask(user)).msg.Payout;
    await becomes(id, 'awaiting_approval');
    await world.db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', user.id).execute();
    const before = await world.accounts();
    expect((await decide(id, 'reject')).status).toBe(200);
    expect(await world.balance(user)).toBe(0);
    expect((await world.accounts()).house! - before.house!).toBe(2_000);
  });

  test('may only be rejected until its hold time is over', async () => {
    const { payout } = world.api.deps.config.social;
    payout.holdS = 3_600;
    try {
      const user = await rich();
      const { id } = (await ask(user)).msg.Payout;
      expect((await decide(id, 'approve')).body).toMatchObject({ code: 'payout_held' });
      expect((await decide(id, 'paid')).body).toMatchObject({ code: 'payout_held' });
      expect((await decide(id, 'reject')).body).toMatchObject({ status: 'returned' });
      expect(await world.balance(user)).toBe(5_000);
    } finally {
      payout.holdS = 0;
    }
  });

  test('that was never started is started by the sweep, or by who decides', async () => {
    world.api.temporal.social = { ...world.realTemporal, payout: () => Promise.reject(new Error('Temporal is away')) };
    const [swept, decided] = [(await ask(await rich())).msg.Payout.id, (await ask(await rich())).msg.Payout.id];
    world.api.temporal.social = world.realTemporal;
    expect([(await world.payout(swept)).status, (await world.payout(decided)).status]).toEqual(['held', 'held']);
    expect((await decide(decided, 'reject')).body).toMatchObject({ status: 'returned' });
    await world.db.updateTable('payouts').set({ created_at: new Date(Date.now() - 60_000) }).where('id', '=', swept).execute();
    await world.temporal.client.workflow.execute('sweepPayouts', { taskQueue: world.queue, workflowId: `sweep-${randomUUID()}` });
    await becomes(swept, 'awaiting_approval');
  });
});

describe('Asking for a payout', () => {
  test('twice by the same request asks once; for something else by it is refused', async () => {
    const user = await rich();
    const request_id = randomUUID();
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(user, { request_id })));
    expect(new Set(answers.map(({ msg }) => msg.Payout.id)).size).toBe(1);
    expect(await world.balance(user)).toBe(3_000);
    expect(await ask(user, { request_id, coins: '3000' })).toMatchObject({ code: 201, msg: expect.stringContaining('request id') as unknown });
    expect(await ask(user, { request_id, destination: { method: 'paypal', email: 'eve@example.com' } })).toMatchObject({ code: 201 });
  });

  test('several times at once gives one', async () => {
    const user = await rich();
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(user)));
    expect(answers.map(({ code }) => code).toSorted()).toEqual([200, 201, 201, 201, 201, 201]);
    expect(await world.balance(user)).toBe(3_000);
  });

  test.each([
    ['coins: must be at least 1', { coins: '-2000' }],
    ['coins: must be at least 1', { coins: 0 }],
    ['coins: must be a whole number', { coins: 1_500.5 }],
    ['coins: must be a whole number', { coins: '1500.5' }],
    ['coins: must be a whole number', { coins: '1e3' }],
    ['coins', { coins: '999999999999999999999' }],
    ['coins: must be at most', { coins: 10_000_000_000_000 }],
    ['Too few coins for a payout', { coins: 999 }],
    ['too few coins', { coins: 5_001 }],
    ['too few coins', { coins: '1000000000000' }],
    ['destination.iban: is not an IBAN', { destination: { ...IBAN, iban: 'DE89 3704 0044 0532 0130 01' } }],
    ['destination.account_holder', { destination: { method: 'bank_transfer', iban: IBAN.iban } }],
    ['destination.email', { destination: JSON.stringify({ method: 'paypal', email: 'nobody' }) }],
    ['destination', { destination: 'not JSON' }],
    ['destination', { destination: { method: 'cash' } }],
    ['request_id', { request_id: 'x' }],
  ])('is refused: %s', async (words, over) => {
    const user = await rich();
    expect(await ask(user, over)).toEqual({ code: 201, msg: expect.stringContaining(words) as unknown });
    expect(await world.balance(user)).toBe(5_000);
  });

  test('takes destinations as forms send them', async () => {
    const user = await rich();
    expect((await ask(user, { destination: JSON.stringify({ method: 'paypal', email: 'ada@example.com' }) })).msg).toMatchObject({ Payout: { destination: 'PayPal a…@example.com' } });
    expect((await ask(await rich(), { destination: { method: 'bank_account', account_holder: 'Ada', account_number: '0123 456-789', bank_code: '021000021', country: 'us' } })).msg).toMatchObject({ Payout: { destination: 'US account …6789' } });
  });
});

describe('Who pays', () => {
  test('sees payouts, and where they go; nobody else does', async () => {
    const user = await rich();
    const { id } = (await ask(user)).msg.Payout;
    const headers = { 'x-workspace-id': world.workspace_id };
    const shown = await world.api.call<{ destination: object; username: string }>('GET', `/social/payouts/${id}`, { token: admin.token, headers });
    expect(shown.body).toMatchObject({ username: user.username, destination: { method: 'bank_transfer', iban: 'DE89370400440532013000', bic: null } });
    const list = await world.api.call<{ items: { id: string }[] }>('GET', `/social/payouts?user_id=${user.id}&status=held,awaiting_approval`, { token: admin.token, headers });
    expect(list.body.items.map((one) => one.id)).toEqual([id]);
    expect(JSON.stringify(list.body)).not.toContain('DE8937');
    const member = await world.api.person('member', world.workspace_id);
    const stranger = await world.api.person();
    for (const path of ['/social/payouts', `/social/payouts/${id}`]) expect((await world.api.call('GET', path, { token: member.token, headers })).status).toBe(403);
    expect((await world.api.call('GET', `/social/payouts/${id}`, { token: stranger.token })).status).toBe(404);
    expect((await world.api.call('POST', `/social/payouts/${id}/decide`, { token: stranger.token, body: { decision: 'paid' } })).status).toBe(404);
    expect((await world.api.call('GET', '/social/payouts', { token: user.token, headers })).status).toBeGreaterThanOrEqual(403);
  });

  test('must say why coins go back', async () => {
    const { id } = (await ask(await rich())).msg.Payout;
    expect((await decide(id, 'reject', admin, { reason: null })).body).toMatchObject({ code: 'validation_failed' });
    expect((await decide(id, 'give_me', admin)).body).toMatchObject({ code: 'validation_failed' });
  });
});
