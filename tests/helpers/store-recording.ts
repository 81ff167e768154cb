import { randomUUID } from 'node:crypto';
import type { DecidePayout } from '../../domain/contracts/payout.ts';
import type { VerifyPurchaseInput } from '../../domain/contracts/purchase.ts';
import { payoutWorkflowId, purchaseWorkflowId } from '../../domain/names.ts';
import { eventually } from './eventually.ts';
import { recordHistory } from './record-history.ts';
import { createStoreWorld, type StoreWorld } from './store-world.ts';

/** Each runs a workflow to its end and gives its id. */
const RECORDINGS: Record<string, (world: StoreWorld) => Promise<string>> = {
  'verify-purchase': recordPurchase,
  'verify-purchase-refused': recordRefused,
  'verify-purchase-refunded': recordRefund,
  payout: (world) => recordPayout(world, ['approve', 'paid']),
  'payout-returned': (world) => recordPayout(world, ['reject']),
  'sweep-purchases': (world) => recordSweep(world, 'sweepPurchases'),
  'sweep-payouts': (world) => recordSweep(world, 'sweepPayouts'),
};
export const STORE_RECORDINGS = Object.keys(RECORDINGS);

/** @returns the files */
export async function recordStores(names: readonly string[]): Promise<string[]> {
  const world = await createStoreWorld();
  await world.worker();
  const files: string[] = [];
  try {
    for (const name of names) files.push(await recordHistory(world.temporal.client, name, await RECORDINGS[name]!(world)));
    return files;
  } finally {
    await world.close();
  }
}

async function keep(world: StoreWorld, fields: Record<string, unknown>): Promise<string> {
  world.api.temporal.social = world.fakeTemporal;
  return (await world.verb(await world.user(), 'purchaseCoin', fields)).msg.Purchase.id;
}

/** Short pauses, so that what waits is in the history. */
async function start(world: StoreWorld, purchase_id: string): Promise<string> {
  const args: [VerifyPurchaseInput] = [{ purchase_id, workspace_id: world.workspace_id, request_id: null, timings: { poll_ms: 100, poll_max_ms: 500, retry_initial_ms: 50 } }];
  await world.temporal.client.workflow.start('verifyPurchase', { taskQueue: world.queue, workflowId: purchaseWorkflowId(purchase_id), args });
  return purchaseWorkflowId(purchase_id);
}

/** Not paid at first, and told of when it is. */
async function recordPurchase(world: StoreWorld): Promise<string> {
  const { purchase_token, product_id } = await world.google({ state: 'pending' });
  const id = await keep(world, { store: 'google', product_id, purchase_token });
  const workflowId = await start(world, id);
  await eventually(async () => ((await world.control<Record<string, number>>('GET', '/google/calls')).get ?? 0) > 1);
  await world.control('POST', `/google/purchases/${purchase_token}/pay`);
  await world.realTemporal.storeChanged({ purchase_id: id, workspace_id: world.workspace_id, request_id: null });
  await world.purchaseEnd(id);
  return workflowId;
}

async function recordRefused(world: StoreWorld): Promise<string> {
  const { purchase_token, product_id } = await world.google({ account: randomUUID() });
  const id = await keep(world, { store: 'google', product_id, purchase_token });
  const workflowId = await start(world, id);
  await world.purchaseEnd(id);
  return workflowId;
}

/** Its second run, by the store's word. */
async function recordRefund(world: StoreWorld): Promise<string> {
  const { signed_transaction: receipt, transaction_id } = await world.apple({});
  const id = await keep(world, { store: 'apple', receipt });
  const workflowId = await start(world, id);
  await world.purchaseEnd(id);
  await world.control('POST', `/apple/purchases/${transaction_id}/refund`, { notify: false });
  await world.realTemporal.storeChanged({ purchase_id: id, workspace_id: world.workspace_id, request_id: null });
  await world.purchaseEnd(id);
  return workflowId;
}

async function recordPayout(world: StoreWorld, decisions: readonly DecidePayout['decision'][]): Promise<string> {
  world.api.temporal.social = world.realTemporal;
  world.api.deps.config.social.payout.holdS = 1;
  const user = await world.user();
  await world.give(user, 2_000);
  const asked = await world.verb<{ Payout: { id: string } }>(user, 'requestPayout', { coins: 2_000, destination: { method: 'paypal', email: 'ada@example.com' }, request_id: randomUUID() });
  const { id } = asked.msg.Payout;
  await eventually(async () => (await world.payout(id)).status === 'awaiting_approval');
  const { user_id } = await world.api.person('admin', world.workspace_id);
  for (const decision of decisions) await world.realTemporal.decidePayout(id, { decision, decided_by: user_id, reason: null, payment_reference: null });
  await world.payoutEnd(id);
  return payoutWorkflowId(id);
}

async function recordSweep(world: StoreWorld, type: 'sweepPurchases' | 'sweepPayouts'): Promise<string> {
  const workflowId = `${world.prefix}${type}`;
  await world.temporal.client.workflow.execute(type, { taskQueue: world.queue, workflowId, args: [] });
  return workflowId;
}
