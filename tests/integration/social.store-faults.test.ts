import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createPurchaseActivities } from '../../activities/social/purchases/purchase.activities.ts';
import type { VerifyPurchaseInput } from '../../domain/contracts/purchase.ts';
import { payoutWorkflowId, purchaseWorkflowId } from '../../domain/names.ts';
import { StoreDown } from '../../social/stores/store-http.ts';
import type { Stores } from '../../social/stores/stores.ts';
import { eventually } from '../helpers/eventually.ts';
import { createStoreWorld, type StoreWorld } from '../helpers/store-world.ts';

/** Each step's work is done and its answer lost, as where a worker dies between the commit and its report: the step is done again, and nothing twice. */
let world: StoreWorld;
beforeAll(async () => {
  world = await createStoreWorld();
}, 120_000);
afterAll(() => world.close(), 60_000);
afterEach(async () => {
  world.api.temporal.social = world.realTemporal;
  expect(await world.faults()).toEqual([]);
});

type Step = 'askStore' | 'settlePurchase' | 'finishPurchase' | 'readPayout' | 'releasePayout' | 'carryOutDecision';

/** Loses the answer of a step's first `times` attempts for one id. */
function losing(step: Step, id: string, times = 2) {
  let lost = 0;
  const run = world.activities[step] as (input: { purchase_id?: string; payout_id?: string }) => Promise<unknown>;
  const over = {
    async [step](input: { purchase_id?: string; payout_id?: string }): Promise<unknown> {
      const answer = await run(input);
      if ((input.purchase_id ?? input.payout_id) !== id || lost >= times) return answer;
      lost += 1;
      throw new Error('the answer was lost');
    },
  };
  return { over, lost: () => lost };
}

test.each(['askStore', 'settlePurchase', 'finishPurchase'] as const)('A purchase is granted once where the answer of %s is lost, and taken back once', async (step) => {
  const user = await world.user();
  const { purchase_token, product_id } = await world.google({ product_id: 'coins_550', account: user.id });
  world.api.temporal.social = { ...world.realTemporal, verifyPurchase: () => Promise.reject(new Error('later')) };
  const { Purchase } = (await world.verb(user, 'purchaseCoin', { store: 'google', product_id, purchase_token })).msg;
  const loss = losing(step, Purchase.id);
  const worker = await world.worker(loss.over);
  await world.realTemporal.verifyPurchase({ purchase_id: Purchase.id, workspace_id: world.workspace_id, request_id: null });
  await world.purchaseEnd(Purchase.id);
  expect(loss.lost()).toBe(2);
  expect([await world.balance(user), (await world.purchase(Purchase.id)).status]).toEqual([550, 'granted']);
  expect(await world.control('GET', `/google/purchases/${purchase_token}`)).toMatchObject({ acknowledgementState: 1, consumptionState: 1 });
  await worker.stop();

  const again = losing(step === 'finishPurchase' ? 'settlePurchase' : step, Purchase.id);
  const second = await world.worker(again.over);
  await world.control('POST', `/google/purchases/${purchase_token}/refund`, { notify: false });
  await world.realTemporal.storeChanged({ purchase_id: Purchase.id, workspace_id: world.workspace_id, request_id: null });
  await world.purchaseEnd(Purchase.id);
  expect([again.lost(), await world.balance(user), (await world.purchase(Purchase.id)).status]).toEqual([2, 0, 'revoked']);
  expect((await world.movements(Purchase.id)).map(({ kind }) => kind)).toEqual(['purchase', 'refund']);
  await second.stop();
});

/** A purchase whose store answers by `ask`, under the rules of a real worker. */
async function askedBy(ask: Stores['ask']) {
  const user = await world.user();
  const { purchase_token, product_id } = await world.google({ account: user.id });
  world.api.temporal.social = { ...world.realTemporal, verifyPurchase: () => Promise.reject(new Error('later')) };
  const { id } = (await world.verb(user, 'purchaseCoin', { store: 'google', product_id, purchase_token })).msg.Purchase;
  const worker = await world.worker(createPurchaseActivities({ ...world.deps, stores: { ...world.stores, ask } }));
  const args: [VerifyPurchaseInput] = [{ purchase_id: id, workspace_id: world.workspace_id, request_id: null, timings: { retry_initial_ms: 50, retry_max_ms: 200 } }];
  await world.temporal.client.workflow.start('verifyPurchase', { taskQueue: world.queue, workflowId: purchaseWorkflowId(id), args });
  return { id, user, worker };
}

test('A new purchase that its store does not know yet is granted once it does, however often the store could not be asked before', async () => {
  const script = ['down', 'down', 'down', 'unknown', 'unknown'];
  const { id, user, worker } = await askedBy((purchase) => {
    const next = script.shift();
    if (next === 'down') return Promise.reject(new StoreDown('503'));
    return next === 'unknown' ? Promise.resolve({ kind: 'unknown' }) : world.stores.ask(purchase);
  });
  await world.purchaseEnd(id);
  expect([script, await world.balance(user), (await world.purchase(id)).status]).toEqual([[], 100, 'granted']);
  await worker.stop();
});

test('A purchase that its store still does not know after ten minutes is refused', async () => {
  let asked = 0;
  const { id, user, worker } = await askedBy(() => {
    asked += 1;
    return Promise.resolve({ kind: 'unknown' });
  });
  await eventually(() => asked > 5);
  expect((await world.purchase(id)).status).toBe('pending');
  const age = (minutes: number) => world.db.updateTable('purchases').set({ created_at: new Date(Date.now() - minutes * 60_000) }).where('id', '=', id).execute();
  await age(9);
  const before = asked;
  await eventually(() => asked > before + 2);
  expect((await world.purchase(id)).status).toBe('pending');
  await age(11);
  await world.purchaseEnd(id);
  expect([await world.balance(user), await world.purchase(id)]).toEqual([0, expect.objectContaining({ status: 'refused', status_code: 'receipt_invalid', coins: null })]);
  await worker.stop();
});

test.each(['readPayout', 'releasePayout', 'carryOutDecision'] as const)('A payout is held, and returned or paid once, where the answer of %s is lost', async (step) => {
  const { payout } = world.api.deps.config.social;
  payout.holdS = 0;
  for (const decision of ['reject', 'paid'] as const) {
    const user = await world.user();
    await world.give(user, 2_000);
    world.api.temporal.social = { ...world.realTemporal, payout: () => Promise.reject(new Error('later')) };
    const answer = await world.verb<{ Payout: { id: string } }>(user, 'requestPayout', { coins: 2_000, destination: { method: 'paypal', email: 'ada@example.com' }, request_id: randomUUID() });
    const { id } = answer.msg.Payout;
    const loss = losing(step, id);
    const worker = await world.worker(loss.over);
    await world.realTemporal.payout({ payout_id: id, workspace_id: world.workspace_id, request_id: null });
    await eventually(async () => (await world.payout(id)).status === 'awaiting_approval');
    const { user_id } = await world.api.person('admin', world.workspace_id);
    expect(await world.realTemporal.decidePayout(id, { decision, decided_by: user_id, reason: null, payment_reference: null })).toBe(true);
    await world.payoutEnd(id);
    expect(loss.lost()).toBe(2);
    expect([(await world.payout(id)).status, await world.balance(user)]).toEqual(decision === 'paid' ? ['paid', 0] : ['returned', 2_000]);
    expect((await world.movements(id)).map(({ kind }) => kind)).toEqual(decision === 'paid' ? ['payout_hold'] : ['payout_hold', 'payout_return']);
    expect(await world.realTemporal.decidePayout(id, { decision, decided_by: user_id, reason: null, payment_reference: null })).toBe(false);
    await worker.stop();
  }
});

test('Histories hold neither receipts nor destinations', async () => {
  const worker = await world.worker();
  world.api.deps.config.social.payout.holdS = 0;
  const user = await world.user();
  await world.give(user, 2_000);
  const { purchase_token, product_id } = await world.google();
  const { signed_transaction } = await world.apple({});
  const ids = [
    purchaseWorkflowId((await world.verb(user, 'purchaseCoin', { store: 'google', product_id, purchase_token })).msg.Purchase.id),
    purchaseWorkflowId((await world.verb(user, 'purchaseCoin', { store: 'apple', receipt: signed_transaction })).msg.Purchase.id),
    payoutWorkflowId((await world.verb<{ Payout: { id: string } }>(user, 'requestPayout', { coins: 1_000, destination: { method: 'paypal', email: 'ada@example.com' }, request_id: randomUUID() })).msg.Payout.id),
  ];
  for (const id of ids) {
    const history = await world.temporal.client.workflow.getHandle(id).fetchHistory();
    const text = JSON.stringify(history, (_, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value));
    for (const secret of [purchase_token, signed_transaction, signed_transaction.split('.')[2]!, 'ada@example.com']) expect(text.includes(secret)).toBe(false);
    expect(history.events!.length).toBeLessThan(40);
  }
  await worker.stop();
});
