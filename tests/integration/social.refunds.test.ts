import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { eventually } from '../helpers/eventually.ts';
import type { TestAppUser } from '../helpers/social.ts';
import { createStoreWorld, type StoreWorld } from '../helpers/store-world.ts';

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
afterEach(async () => expect(await world.faults()).toEqual([]));

const settled = (id: string, status: string) => eventually(async () => ((await world.purchase(id)).status === status ? world.purchase(id) : null));

/** The sandbox tells nobody: what it would send is given to the API by hand, since that has no port. */
const sent = async (store: 'apple' | 'google'): Promise<{ body: string; headers: Record<string, string> }> => (await world.control<{ items: { body: string; headers: Record<string, string> }[] }>('GET', `/${store}/notifications`)).items.at(-1)!;
const tell = async (store: 'apple' | 'google', { body, headers }: { body: string; headers: Record<string, string> }) => world.api.call('POST', store === 'apple' ? '/webhook/apple-store' : '/webhook/google-play', { body, headers });
const tellLast = async (store: 'apple' | 'google') => tell(store, await sent(store));

async function boughtAtApple(user: TestAppUser, product_id = 'coins_550'): Promise<{ id: string; transaction_id: string }> {
  const { signed_transaction: receipt, transaction_id } = await world.apple({ product_id, app_account_token: user.id });
  const { Purchase } = (await world.verb(user, 'purchaseCoin', { store: 'apple', receipt })).msg;
  expect(Purchase.status).toBe('granted');
  return { id: Purchase.id, transaction_id };
}

describe('A refund', () => {
  test('takes the coins back once, however often it is told', async () => {
    const user = await world.user();
    const { id, transaction_id } = await boughtAtApple(user);
    await world.control('POST', `/apple/purchases/${transaction_id}/refund`);
    const first = await sent('apple');
    expect((await Promise.all(Array.from({ length: 5 }, () => tell('apple', first)))).map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(await settled(id, 'revoked')).toMatchObject({ taken_back: 550, shortfall: 0 });
    await world.control('POST', '/apple/notifications', { type: 'REFUND', transaction_id });
    expect((await tellLast('apple')).status).toBe(200);
    await world.purchaseEnd(id);
    expect(await world.balance(user)).toBe(0);
    expect((await world.movements(id)).map(({ request_key }) => request_key)).toEqual([`purchase:${id}`, `refund:${id}`]);
    expect((await world.notifications(user)).map(({ text }) => text)).toEqual(['550 coins were added to your wallet.', 'The store refunded a purchase: 550 coins were taken back.']);
    expect((await world.verb(user, 'showPurchase', { purchase_id: id })).msg).toMatchObject({ Purchase: { status: 'revoked', refunded_coins: '550' }, wallet: '0' });
  });

  test('of coins that were spent is borne by the house', async () => {
    const user = await world.user();
    const { id, transaction_id } = await boughtAtApple(user);
    await world.spend(user, 500);
    const before = await world.accounts();
    await world.control('POST', `/apple/purchases/${transaction_id}/refund`);
    await tellLast('apple');
    expect(await settled(id, 'revoked')).toMatchObject({ taken_back: 550, shortfall: 500 });
    expect(await world.balance(user)).toBe(0);
    const after = await world.accounts();
    expect([after.store! - before.store!, after.house! - before.house!]).toEqual([550, -500]);
  });

  test('of a part takes a part, and one that is reversed gives again', async () => {
    const user = await world.user();
    const { id, transaction_id } = await boughtAtApple(user);
    await world.spend(user, 400);
    await world.control('POST', `/apple/purchases/${transaction_id}/refund`, { percentage: 40 });
    await tellLast('apple');
    await eventually(async () => (await world.purchase(id)).taken_back === 220);
    expect(await world.purchase(id)).toMatchObject({ status: 'granted', shortfall: 70 });
    await world.control('POST', `/apple/purchases/${transaction_id}/refund`, { percentage: 100 });
    await tellLast('apple');
    expect(await settled(id, 'revoked')).toMatchObject({ taken_back: 550, shortfall: 400 });
    await world.control('POST', `/apple/purchases/${transaction_id}/reverse`);
    await tellLast('apple');
    expect(await settled(id, 'granted')).toMatchObject({ taken_back: 0, shortfall: 0 });
    // What they spent stays spent; the house is repaid.
    expect(await world.balance(user)).toBe(150);
    expect((await world.movements(id)).map(({ request_key }) => request_key)).toEqual([`purchase:${id}`, `refund:${id}`, `refund:${id}:1`, `refund:${id}:2`]);
  });

  test('before the coins came means that none come', async () => {
    const user = await world.user();
    await world.control('PUT', '/apple/trouble', { status: 503 });
    const { signed_transaction: receipt, transaction_id } = await world.apple({});
    const { Purchase } = (await world.verb(user, 'purchaseCoin', { store: 'apple', receipt })).msg;
    expect(Purchase.status).toBe('pending');
    await world.control('POST', `/apple/purchases/${transaction_id}/refund`);
    await tellLast('apple');
    await world.control('PUT', '/apple/trouble', { status: null });
    expect(await settled(Purchase.id, 'refused')).toMatchObject({ status_code: 'receipt_unpaid', coins: null });
    expect([await world.balance(user), await world.movements(Purchase.id)]).toEqual([0, []]);
    // Nor later.
    expect((await world.verb(user, 'purchaseCoin', { store: 'apple', receipt })).msg.Purchase.status).toBe('refused');
  });

  test('before the receipt was even sent, too', async () => {
    const user = await world.user();
    const { signed_transaction: receipt, transaction_id } = await world.apple({});
    await world.control('POST', `/apple/purchases/${transaction_id}/refund`);
    await tellLast('apple');
    expect(await world.db.selectFrom('store_notifications').select('outcome').where('store_transaction_id', '=', transaction_id).execute()).toEqual([{ outcome: 'no_purchase' }]);
    expect((await world.verb(user, 'purchaseCoin', { store: 'apple', receipt })).msg.Purchase).toMatchObject({ status: 'refused', reason_code: 'receipt_unpaid' });
  });

  test('whose account was deleted is borne by the house, and so is its reversal', async () => {
    const user = await world.user();
    const { id, transaction_id } = await boughtAtApple(user);
    await world.spend(user, 300);
    await world.db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', user.id).execute();
    await world.control('POST', `/apple/purchases/${transaction_id}/refund`);
    await tellLast('apple');
    expect(await settled(id, 'revoked')).toMatchObject({ shortfall: 300 });
    const before = await world.accounts();
    await world.control('POST', `/apple/purchases/${transaction_id}/reverse`);
    await tellLast('apple');
    await settled(id, 'granted');
    expect([await world.balance(user), (await world.accounts()).house! - before.house!]).toEqual([0, 550]);
  });

  test('at Google Play takes coins back, also a few of several', async () => {
    const user = await world.user();
    const { purchase_token, product_id } = await world.google({ quantity: 4 });
    const { Purchase } = (await world.verb(user, 'purchaseCoin', { store: 'google', product_id, purchase_token })).msg;
    expect(Purchase).toMatchObject({ status: 'granted', coins: '400' });
    await world.control('POST', `/google/purchases/${purchase_token}/refund`, { quantity: 1 });
    expect((await tellLast('google')).status).toBe(200);
    await eventually(async () => (await world.balance(user)) === 300);
    await world.control('POST', `/google/purchases/${purchase_token}/refund`);
    const last = await sent('google');
    expect((await Promise.all([tell('google', last), tell('google', last)])).map(({ status }) => status)).toEqual([200, 200]);
    expect(await settled(Purchase.id, 'revoked')).toMatchObject({ taken_back: 400 });
    expect(await world.balance(user)).toBe(0);
  });
});

describe('A notification', () => {
  test('that the API could not hand on is handed on by the sweep', async () => {
    const user = await world.user();
    const { id, transaction_id } = await boughtAtApple(user);
    await world.purchaseEnd(id);
    world.api.temporal.social = { ...world.realTemporal, storeChanged: () => Promise.reject(new Error('Temporal is away')) };
    await world.control('POST', `/apple/purchases/${transaction_id}/refund`);
    expect((await tellLast('apple')).status).toBe(200);
    world.api.temporal.social = world.realTemporal;
    expect((await world.purchase(id)).status).toBe('granted');
    await world.db.updateTable('store_notifications').set({ received_at: new Date(Date.now() - 60_000) }).where('store_transaction_id', '=', transaction_id).execute();
    await world.temporal.client.workflow.execute('sweepPurchases', { taskQueue: world.queue, workflowId: `sweep-${randomUUID()}` });
    await settled(id, 'revoked');
    expect(await world.db.selectFrom('store_notifications').select('outcome').where('store_transaction_id', '=', transaction_id).execute()).toEqual([{ outcome: 'handed_on' }]);
  });

  test.each(['TEST', 'CONSUMPTION_REQUEST'])('of which nothing follows is answered: %s', async (type) => {
    const uuid = randomUUID();
    await world.control('POST', '/apple/notifications', { type, uuid });
    expect((await tellLast('apple')).status).toBe(200);
    expect(await world.db.selectFrom('store_notifications').select(['kind', 'outcome']).where('notification_id', '=', uuid).execute()).toEqual([{ kind: type, outcome: 'nothing_to_do' }]);
  });

  test.each(['other_root', 'altered', 'unsigned', 'expired_leaf'])('that Apple did not sign is refused: %s', async (forgery) => {
    const { transaction_id } = await world.apple({});
    await world.control('POST', '/apple/notifications', { type: 'REFUND', transaction_id, forgery });
    const { status, body } = await tellLast('apple');
    expect([status, body]).toMatchObject([401, { code: 'store_notification_refused' }]);
  });

  test('of another app is refused', async () => {
    const { transaction_id } = await world.apple({ bundle_id: 'com.example.other' });
    await world.control('POST', '/apple/notifications', { type: 'REFUND', transaction_id });
    expect((await tellLast('apple')).status).toBe(401);
  });

  test.each([
    ['none', {}, /bearer token is missing/],
    ['of another account', { email: 'someone@example.iam.gserviceaccount.com' }, /not that of the account/],
    ['for somebody else', { audience: 'https://example.com/other' }, /not valid/],
  ])('of Google Play needs Pub/Sub’s token: %s', async (_, over, words) => {
    const { purchase_token } = await world.google();
    await world.control('PUT', '/google/push', { url: null, ...over });
    await world.control('POST', `/google/purchases/${purchase_token}/refund`);
    const last = await sent('google');
    const answer = await tell('google', { ...last, headers: Object.keys(over).length === 0 ? {} : last.headers });
    expect([answer.status, answer.body]).toMatchObject([401, { detail: expect.stringMatching(words) as unknown }]);
    await world.control('PUT', '/google/push', { url: null, audience: world.options.google!.audience, email: world.options.google!.email });
  });

  test('of Google Play with a forged token is refused, and one without content', async () => {
    const mint = async (claims: object) => ((await (await fetch(`${world.sandbox.url}/control/identity/google/tokens`, { method: 'POST', body: JSON.stringify(claims) })).json()) as { token: string }).token;
    const { audience, email } = world.options.google!;
    const good = { sub: '1', aud: audience, claims: { email, email_verified: true } };
    const body = JSON.stringify({ message: { data: Buffer.from('{}').toString('base64'), messageId: randomUUID() }, subscription: 's' });
    for (const forged of [{ ...good, forgery: 'forged' }, { ...good, forgery: 'unsigned' }, { ...good, forgery: 'hmac' }, { ...good, expires_in_s: -3_600 }, { ...good, claims: { email } }, { ...good, claims: { ...good.claims, iss: 'https://example.com' } }]) {
      expect([forged, (await tell('google', { body, headers: { authorization: `Bearer ${await mint(forged)}` } })).status]).toEqual([forged, 401]);
    }
    expect((await tell('google', { body, headers: { authorization: `Bearer ${await mint(good)}` } })).body).toMatchObject({ detail: 'It is no notification of Google Play.' });
  });

  test('of Google Play for another app changes nothing', async () => {
    await world.control('POST', '/google/notifications', { content: { packageName: 'com.example.other', testNotification: { version: '1.0' } }, message_id: 'other-app-1' });
    expect((await tellLast('google')).status).toBe(200);
    expect(await world.db.selectFrom('store_notifications').select(['kind', 'outcome']).where('notification_id', '=', 'other-app-1').execute()).toEqual([{ kind: 'other_app', outcome: 'nothing_to_do' }]);
  });
});
