import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PurchaseTimings } from '../../domain/contracts/purchase.ts';
import { payoutWorkflowId, purchaseWorkflowId } from '../../domain/names.ts';
import { eventually } from '../helpers/eventually.ts';
import { Product } from '../helpers/product.ts';
import { createStoreWorld, type StoreWorld } from '../helpers/store-world.ts';
import { testTemporalAddress } from '../helpers/temporal.ts';

/** kill -9 of the role social while it is at a step: granted, taken back, and paid once, whatever the step. */
const TIMINGS: Partial<PurchaseTimings> = { attempt_ms: 5_000, retry_initial_ms: 200, retry_max_ms: 1_000 };
let world: StoreWorld;
let product: Product;
let folder: string;

beforeAll(async () => {
  world = await createStoreWorld();
  folder = await mkdtemp(join(tmpdir(), 'showrunner-stores-'));
  product = await Product.start({ databaseUrl: world.api.database.url, temporalAddress: testTemporalAddress(), env: { TEMPORAL_TASK_QUEUE_PREFIX: world.prefix, ...(await storeEnv()) }, parts: ['social'] });
}, 180_000);
afterAll(async () => {
  await product?.stop();
  await world.close();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** As a person sets it up: variables and files. */
async function storeEnv(): Promise<Record<string, string>> {
  const { apple, google } = world.options;
  const file = async (name: string, content: string | Buffer): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };
  return {
    APPLE_BUNDLE_ID: apple!.bundleId,
    APPLE_ENVIRONMENT: apple!.environment,
    APPLE_ROOT_CERTIFICATES: await file('root.pem', apple!.roots[0]!),
    APPLE_ISSUER_ID: apple!.key!.issuerId,
    APPLE_KEY_ID: apple!.key!.keyId,
    APPLE_PRIVATE_KEY: await file('key.p8', apple!.key!.privateKey),
    APPLE_STORE_URL: apple!.url,
    GOOGLE_PLAY_PACKAGE: google!.packageName,
    GOOGLE_SERVICE_ACCOUNT: await file('account.json', JSON.stringify(google!.account)),
    GOOGLE_PLAY_URL: google!.url,
    GOOGLE_TOKEN_URL: google!.tokenUrl,
  };
}

const blocked = () => eventually(async () => (await world.api.deps.pool.query<{ count: number }>(`select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).rows[0]!.count > 0, { timeoutMs: 30_000 });
const asked = (store: 'apple' | 'google', kind: string, times: number) => eventually(async () => ((await world.control<Record<string, number>>('GET', `/${store}/calls`))[kind] ?? 0) >= times, { timeoutMs: 30_000 });

async function restart(): Promise<void> {
  await product.kill('social');
  await product.spawn('social');
}

/** Holds a row while `run` brings the worker to it, and lets it go once the worker is dead. */
async function killedAt(table: 'purchases' | 'payouts', id: string, run: () => Promise<unknown>): Promise<void> {
  const client = await world.api.deps.pool.connect();
  try {
    await client.query('begin');
    await client.query(`select 1 from ${table} where id = $1 for update`, [id]);
    await run();
    await blocked();
    await product.kill('social');
  } finally {
    await client.query('rollback');
    client.release();
  }
  await product.spawn('social');
}

const start = (purchase_id: string) =>
  world.temporal.client.workflow.start('verifyPurchase', { taskQueue: world.queue, workflowId: purchaseWorkflowId(purchase_id), args: [{ purchase_id, workspace_id: world.workspace_id, request_id: null, timings: TIMINGS }] });

async function keptPurchase() {
  const user = await world.user();
  const { purchase_token, product_id } = await world.google({ product_id: 'coins_550', account: user.id });
  world.api.temporal.social = world.fakeTemporal;
  const { Purchase } = (await world.verb(user, 'purchaseCoin', { store: 'google', product_id, purchase_token })).msg;
  return { user, id: Purchase.id, purchase_token };
}

async function isGrantedOnce({ user, id, purchase_token }: Awaited<ReturnType<typeof keptPurchase>>): Promise<void> {
  await world.purchaseEnd(id);
  expect([await world.balance(user), (await world.purchase(id)).status]).toEqual([550, 'granted']);
  expect((await world.movements(id)).map(({ kind }) => kind)).toEqual(['purchase']);
  expect(await world.control('GET', `/google/purchases/${purchase_token}`)).toMatchObject({ acknowledgementState: 1, consumptionState: 1 });
  expect(await world.faults()).toEqual([]);
}

test('while it asks the store', async () => {
  const purchase = await keptPurchase();
  await world.control('PUT', '/google/trouble', { status: 0, on: 'get', times: 1 });
  await start(purchase.id);
  await asked('google', 'get', 1);
  await restart();
  await isGrantedOnce(purchase);
}, 120_000);

test('while it grants, and while it takes back', async () => {
  const purchase = await keptPurchase();
  await killedAt('purchases', purchase.id, () => start(purchase.id));
  await isGrantedOnce(purchase);

  await world.control('POST', `/google/purchases/${purchase.purchase_token}/refund`, { notify: false });
  await killedAt('purchases', purchase.id, () => start(purchase.id));
  await world.purchaseEnd(purchase.id);
  expect([await world.balance(purchase.user), (await world.purchase(purchase.id)).status]).toEqual([0, 'revoked']);
  expect((await world.movements(purchase.id)).map(({ kind }) => kind)).toEqual(['purchase', 'refund']);
}, 180_000);

test.each(['acknowledge', 'consume'])('while it tells Google that the coins are there: %s', async (on) => {
  const purchase = await keptPurchase();
  const before = (await world.control<Record<string, number>>('GET', '/google/calls'))[on] ?? 0;
  await world.control('PUT', '/google/trouble', { status: 0, on, times: 1 });
  await start(purchase.id);
  await asked('google', on, before + 1);
  await restart();
  await isGrantedOnce(purchase);
}, 120_000);

test('while a payout is released, and while a decision is carried out', async () => {
  world.api.temporal.social = world.fakeTemporal;
  world.api.deps.config.social.payout.holdS = 0;
  for (const decision of ['reject', 'paid'] as const) {
    const user = await world.user();
    await world.give(user, 2_000);
    const { id } = (await world.verb<{ Payout: { id: string } }>(user, 'requestPayout', { coins: 2_000, destination: { method: 'paypal', email: 'ada@example.com' }, request_id: randomUUID() })).msg.Payout;
    await killedAt('payouts', id, () => world.temporal.client.workflow.start('payout', { taskQueue: world.queue, workflowId: payoutWorkflowId(id), args: [{ payout_id: id, workspace_id: world.workspace_id, request_id: null, timings: { attempt_ms: 5_000 } }] }));
    await eventually(async () => (await world.payout(id)).status === 'awaiting_approval', { timeoutMs: 60_000 });
    const { user_id } = await world.api.person('admin', world.workspace_id);
    await killedAt('payouts', id, () => world.realTemporal.decidePayout(id, { decision, decided_by: user_id, reason: 'r', payment_reference: null }));
    await world.payoutEnd(id);
    expect([(await world.payout(id)).status, await world.balance(user)]).toEqual(decision === 'paid' ? ['paid', 0] : ['returned', 2_000]);
    expect((await world.movements(id)).map(({ kind }) => kind)).toEqual(decision === 'paid' ? ['payout_hold'] : ['payout_hold', 'payout_return']);
  }
  expect(await world.faults()).toEqual([]);
}, 300_000);
