import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { eventually } from '../helpers/eventually.ts';
import { createStoreWorld, type PurchaseMsg, type StoreWorld } from '../helpers/store-world.ts';

let world: StoreWorld;
beforeAll(async () => {
  world = await createStoreWorld();
  await world.worker();
  // What answers at once later has to load its code first.
  const { signed_transaction: receipt } = await world.apple({});
  const { Purchase } = (await world.verb(await world.user(), 'purchaseCoin', { store: 'apple', receipt })).msg;
  await eventually(async () => (await world.purchase(Purchase.id)).status === 'granted');
}, 120_000);
afterAll(() => world.close(), 60_000);
afterEach(async () => {
  await world.control('PUT', '/apple/trouble', { status: null });
  await world.control('PUT', '/google/trouble', { status: null });
  expect(await world.faults()).toEqual([]);
});

/** An answer for people. */
const refused = (words: string) => ({ code: 201, msg: expect.stringContaining(words) as unknown });
const settled = (id: string, status: string) => eventually(async () => ((await world.purchase(id)).status === status ? world.purchase(id) : null));

describe('A purchase at Apple', () => {
  test('gives the coins of its package once, however often its receipt is sent', async () => {
    const user = await world.user();
    const { signed_transaction: receipt, transaction_id } = await world.apple({ product_id: 'coins_550', app_account_token: user.id.toUpperCase() });
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.verb(user, 'purchaseCoin', { store: 'apple', receipt })));
    expect(answers.map(({ code }) => code)).toEqual(Array(8).fill(200));
    const { Purchase } = answers[0]!.msg;
    expect(new Set(answers.map(({ msg }) => msg.Purchase.id)).size).toBe(1);
    expect(answers[0]!.msg).toMatchObject({ Purchase: { status: 'granted', coins: '550', product_id: 'coins_550', store: 'apple', test: '1' }, wallet: '550' });
    await world.purchaseEnd(Purchase.id);
    // Signed anew it is the same transaction.
    const again = await world.control<{ signed_transaction: string }>('POST', `/apple/purchases/${transaction_id}/sign`);
    expect((await world.verb(user, 'purchaseCoin', { platform: 'ios', product_id: 'coins_550', receipt: again.signed_transaction })).msg).toMatchObject({ Purchase: { id: Purchase.id }, wallet: '550' });
    expect(await world.movements(Purchase.id)).toEqual([{ kind: 'purchase', request_key: `purchase:${Purchase.id}` }]);
    expect(await world.notifications(user)).toEqual([{ kind: 'purchase', text: '550 coins were added to your wallet.' }]);
    expect((await world.verb(user, 'showPurchase', { purchase_id: Purchase.id })).msg).toMatchObject({ Purchase: { status: 'granted' }, wallet: '550' });
  });

  test('gives so many as were bought', async () => {
    const user = await world.user();
    const { signed_transaction: receipt } = await world.apple({ quantity: 3 });
    expect((await world.verb(user, 'purchaseCoin', { store: 'apple', receipt })).msg).toMatchObject({ Purchase: { status: 'granted', coins: '300' }, wallet: '300' });
  });

  test('of another account is refused, and stays good for that one', async () => {
    const [owner, thief] = [await world.user(), await world.user()];
    const { signed_transaction: receipt } = await world.apple({ app_account_token: owner.id });
    expect(await world.verb<string>(thief, 'purchaseCoin', { store: 'apple', receipt })).toEqual(refused('another account'));
    expect((await world.verb(owner, 'purchaseCoin', { store: 'apple', receipt })).msg).toMatchObject({ Purchase: { status: 'granted' } });
    expect(await world.balance(thief)).toBe(0);
  });

  test('that somebody has sent before is theirs', async () => {
    const [first, second] = [await world.user(), await world.user()];
    const { signed_transaction: receipt } = await world.apple({});
    expect((await world.verb(first, 'purchaseCoin', { store: 'apple', receipt })).msg.Purchase.status).toBe('granted');
    expect(await world.verb<string>(second, 'purchaseCoin', { store: 'apple', receipt })).toEqual(refused('another account'));
  });

  test.each(['other_root', 'altered', 'unsigned', 'expired_leaf', 'unmarked', 'no_authority'])('is refused at once where it is forged: %s', async (forgery) => {
    const user = await world.user();
    const { signed_transaction: receipt } = await world.apple({ forgery });
    expect(await world.verb<string>(user, 'purchaseCoin', { store: 'apple', receipt })).toEqual(refused('not genuine'));
    expect(await world.db.selectFrom('purchases').select('id').where('user_id', '=', user.id).execute()).toEqual([]);
  });

  test.each([
    ['another app', { bundle_id: 'com.example.other' }, 'another app'],
    ['another environment', { environment: 'Production' }, 'environment'],
    ['a subscription', { type: 'Auto-Renewable Subscription' }, 'consumable'],
    ['a family’s', { ownership: 'FAMILY_SHARED' }, 'consumable'],
    ['no package', { product_id: 'coins_999999' }, 'no coin package'],
  ])('is refused: %s', async (_, over, words) => {
    const user = await world.user();
    const { signed_transaction: receipt } = await world.apple(over);
    expect(await world.verb<string>(user, 'purchaseCoin', { store: 'apple', receipt })).toEqual(refused(words));
  });

  test('that Apple does not know is refused after a while', async () => {
    const user = await world.user();
    const { signed_transaction: receipt } = await world.apple({ is_known: false });
    const { Purchase } = (await world.verb(user, 'purchaseCoin', { store: 'apple', receipt })).msg;
    expect(await settled(Purchase.id, 'refused')).toMatchObject({ status_code: 'receipt_invalid', coins: null });
    expect(await world.balance(user)).toBe(0);
  });

  test('waits while Apple is down, and is granted then', async () => {
    const user = await world.user();
    await world.control('PUT', '/apple/trouble', { status: 503 });
    const { signed_transaction: receipt } = await world.apple({});
    const { Purchase } = (await world.verb(user, 'purchaseCoin', { store: 'apple', receipt })).msg;
    expect(Purchase).toMatchObject({ status: 'pending', reason_code: 'store_unavailable' });
    await world.control('PUT', '/apple/trouble', { status: null });
    expect(await settled(Purchase.id, 'granted')).toMatchObject({ coins: 100, status_code: null });
    expect(await world.balance(user)).toBe(100);
  });

  test.each([
    ['no answer', { status: 0, times: 1 }],
    ['too many requests', { status: 429, times: 1, retry_after: 1 }],
  ])('is asked for again: %s', async (_, trouble) => {
    const user = await world.user();
    await world.control('PUT', '/apple/trouble', trouble);
    const { signed_transaction: receipt } = await world.apple({});
    const { Purchase } = (await world.verb(user, 'purchaseCoin', { store: 'apple', receipt })).msg;
    await settled(Purchase.id, 'granted');
  });
});

describe('A purchase at Google Play', () => {
  test('gives coins once, is acknowledged and used up', async () => {
    const user = await world.user();
    const { purchase_token, product_id } = await world.google({ product_id: 'coins_1200', account: user.id });
    const answers = await Promise.all(Array.from({ length: 4 }, () => world.verb(user, 'purchaseCoin', { store: 'google', product_id, purchase_token })));
    expect(answers[0]!.msg).toMatchObject({ Purchase: { status: 'granted', coins: '1200', test: '0' }, wallet: '1200' });
    await world.purchaseEnd(answers[0]!.msg.Purchase.id);
    expect(await world.control('GET', `/google/purchases/${purchase_token}`)).toMatchObject({ acknowledgementState: 1, consumptionState: 1 });
    const row = await world.purchase(answers[0]!.msg.Purchase.id);
    expect(row.receipt).not.toContain(purchase_token);
    expect(JSON.stringify({ ...row, receipt: null })).not.toContain(purchase_token);
  });

  test.each([
    ['of another account', { account: randomUUID() }, 'receipt_used'],
    ['of another app', { package_name: 'com.example.other' }, 'receipt_invalid'],
  ])('is refused: %s', async (_, over, code) => {
    const user = await world.user();
    const { purchase_token, product_id } = await world.google(over);
    const { Purchase } = (await world.verb(user, 'purchaseCoin', { device: 'android', product_id, receipt: purchase_token })).msg;
    expect(await settled(Purchase.id, 'refused')).toMatchObject({ status_code: code });
    expect(await world.balance(user)).toBe(0);
  });

  test('is refused where the token is for a cheaper product, or made up', async () => {
    const user = await world.user();
    const { purchase_token } = await world.google({ product_id: 'coins_100' });
    const ids: string[] = [];
    for (const token of [purchase_token, 'made-up.AO-J1OxSandbox']) ids.push((await world.verb(user, 'purchaseCoin', { store: 'google', product_id: 'coins_6500', purchase_token: token })).msg.Purchase.id);
    for (const id of ids) expect(await settled(id, 'refused')).toMatchObject({ status_code: 'receipt_invalid' });
    // Refused, it does not hold the receipt.
    expect((await world.verb(user, 'purchaseCoin', { store: 'google', product_id: 'coins_100', purchase_token })).msg).toMatchObject({ Purchase: { status: 'granted' }, wallet: '100' });
  });

  test('waits until it is paid', async () => {
    await world.control('PUT', '/google/push', { url: null });
    const user = await world.user();
    const { purchase_token, product_id } = await world.google({ state: 'pending' });
    const { Purchase } = (await world.verb(user, 'purchaseCoin', { store: 'google', product_id, purchase_token })).msg;
    expect(Purchase.status).toBe('pending');
    await world.control('POST', `/google/purchases/${purchase_token}/pay`);
    await world.realTemporal.storeChanged({ purchase_id: Purchase.id, workspace_id: world.workspace_id, request_id: null });
    await settled(Purchase.id, 'granted');
  });

  test('that waits for its payment is asked for at once where its receipt comes again', async () => {
    const user = await world.user();
    const { purchase_token, product_id } = await world.google({ state: 'pending' });
    const send = async () => (await world.verb(user, 'purchaseCoin', { store: 'google', product_id, purchase_token })).msg;
    expect((await send()).Purchase.status).toBe('pending');
    await world.control('POST', `/google/purchases/${purchase_token}/pay`);
    expect(await send()).toMatchObject({ Purchase: { status: 'granted' }, wallet: '100' });
  });

  test('is acknowledged later where Google does not take it at once', async () => {
    const user = await world.user();
    await world.control('PUT', '/google/trouble', { status: 500, on: 'acknowledge', times: 2 });
    const { purchase_token, product_id } = await world.google();
    const { Purchase } = (await world.verb(user, 'purchaseCoin', { store: 'google', product_id, purchase_token })).msg;
    expect(Purchase.status).toBe('granted');
    await world.purchaseEnd(Purchase.id);
    expect(await world.control('GET', `/google/purchases/${purchase_token}`)).toMatchObject({ acknowledgementState: 1, consumptionState: 1 });
    expect(await world.balance(user)).toBe(100);
  });
});

test('What Temporal was not told of is verified by the sweep', async () => {
  const user = await world.user();
  const { signed_transaction: receipt } = await world.apple({});
  world.api.temporal.social = { ...world.realTemporal, verifyPurchase: () => Promise.reject(new Error('Temporal is away')) };
  const { Purchase } = (await world.verb(user, 'purchaseCoin', { store: 'apple', receipt })).msg;
  world.api.temporal.social = world.realTemporal;
  expect(Purchase.status).toBe('pending');
  await world.db.updateTable('purchases').set({ created_at: new Date(Date.now() - 60_000) }).where('id', '=', Purchase.id).execute();
  await world.temporal.client.workflow.execute('sweepPurchases', { taskQueue: world.queue, workflowId: `sweep-${randomUUID()}` });
  await settled(Purchase.id, 'granted');
});

describe('Of what is sent', () => {
  test.each([
    ['store: is needed', {}],
    ['store: must be apple or google', { store: 'amazon', receipt: 'x' }],
    ['receipt: is needed', { store: 'apple' }],
    ['product_id: is needed', { store: 'google', receipt: 'x' }],
    ['no coin package', { store: 'google', product_id: 'nothing', receipt: 'x' }],
    ['receipt: Too big', { store: 'apple', receipt: 'x'.repeat(30_000) }],
  ])('faults are named: %s', async (words, fields) => {
    expect(await world.verb<string>(await world.user(), 'purchaseCoin', fields)).toEqual(refused(words));
  });

  test('nobody sees another’s', async () => {
    const [user, other] = [await world.user(), await world.user()];
    const { signed_transaction: receipt } = await world.apple({});
    const { Purchase } = (await world.verb(user, 'purchaseCoin', { store: 'apple', receipt })).msg;
    expect((await world.verb(other, 'showPurchase', { purchase_id: Purchase.id })).code).toBe(201);
    expect((await world.verb(other, 'showPurchases')).msg).toMatchObject({ Purchases: [] });
    expect((await world.verb<{ Purchases: { Purchase: PurchaseMsg['Purchase'] }[] }>(user, 'showPurchases')).msg.Purchases.map((one) => one.Purchase.id)).toEqual([Purchase.id]);
    expect(world.api.log()).not.toContain(receipt);
  });
});
