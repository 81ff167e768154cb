import { insertShopOauthState } from '../../db/shop-oauth-state.repository.ts';
import { insertShopRead } from '../../db/shop-read.repository.ts';
import { newId } from '../../db/ids.ts';
import { connectShopsWorkflowId, shopReadWorkflowId, shopTokenWorkflowId } from '../../domain/names.ts';
import { deauthorizedSignal, disconnectUpdate, expiringSignal, reconnectedSignal, refreshUpdate } from '../../workflows/shop-token.messages.ts';
import { eventually } from './eventually.ts';
import { recordHistory } from './record-history.ts';
import { createShopWorld, type ShopWorld } from './shop-world.ts';

/** Each runs a workflow to its end and gives its id. */
const RECORDINGS: Record<string, (world: ShopWorld) => Promise<string>> = {
  'shop-token': recordLife,
  'shop-token-ended': recordEnd,
  'connect-shops': recordConnect,
  'read-shop': recordRead,
};
export const SHOP_ACCOUNT_RECORDINGS = Object.keys(RECORDINGS);

/** Each in a world of its own. @returns the files */
export async function recordShopAccounts(names: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const name of names) {
    const world = await createShopWorld({ publicUrl: 'https://shops.example.test', workflows: { wakeStock: async () => undefined, wakeWebhooks: async () => undefined } });
    try {
      await world.worker();
      files.push(await recordHistory(world.client, name, await RECORDINGS[name]!(world)));
    } finally {
      await world.close();
    }
  }
  return files;
}

/** A refresh that fails and succeeds, one that is shared, a check that finds all well, an end that comes near, a reconnect, two disconnects. */
async function recordLife(world: ShopWorld): Promise<string> {
  await world.db.updateTable('shop_authorizations').set({ access_expires_at: new Date(Date.now() - 1_000), connected_at: new Date(Date.now() - 300 * 86_400_000) }).execute();
  await world.sandbox.fault({ path: '/api/v2/token/refresh', times: 1, answer: { status: 500, code: 36009003, message: 'Internal error' } });
  const handle = await start(world);
  const row = () => world.db.selectFrom('shop_authorizations').selectAll().executeTakeFirstOrThrow();
  await eventually(async () => (await row()).token_version === 2);
  await Promise.all([1, 2, 3].map(() => handle.executeUpdate(refreshUpdate, { args: [{ seen_version: 2 }] })));
  await handle.signal(deauthorizedSignal, { shop_id: world.uk.shop_id, reason: 'The seller has removed the authorization of the app.' });
  await eventually(async () => (await row()).token_version === 4);
  await handle.signal(expiringSignal, { expires_at_ms: Date.now() + 20 * 86_400_000 });
  await eventually(async () => (await row()).state === 'expiring');
  await handle.signal(reconnectedSignal);
  await eventually(() => world.schedules.asked.length === 4);
  for (const { channel_id } of [world.uk, world.indonesia]) await handle.executeUpdate(disconnectUpdate, { args: [{ channel_id }] });
  await handle.result();
  return handle.workflowId;
}

/** TikTok says that the authorization has ended, and a refresh confirms it. */
async function recordEnd(world: ShopWorld): Promise<string> {
  await world.sandbox.control('POST', `/sellers/${encodeURIComponent('Nordlicht Trading')}/revoke`, { tell: false });
  const handle = await start(world);
  await handle.signal(deauthorizedSignal, { shop_id: world.uk.shop_id, reason: 'The seller has removed the authorization of the app.' });
  await handle.result();
  return handle.workflowId;
}

/** The list of shops comes at the second attempt. */
async function recordConnect(world: ShopWorld): Promise<string> {
  const { workspace_id, user_id, secrets, sandbox } = world;
  const id = newId();
  const { code } = await sandbox.control('POST', '/code');
  const at = new Date();
  await insertShopOauthState(world.db, { id, workspace_id, user_id, browser_hash: null, redirect_to: null, code: secrets.seal(code), used_at: at, expires_at: new Date(at.getTime() + 60_000) });
  await sandbox.fault({ path: '/authorization/202309/shops', times: 1, answer: { status: 500, code: 36009003, message: 'Internal error' } });
  const workflowId = connectShopsWorkflowId(id);
  await world.client.workflow.execute('connectShops', { taskQueue: world.queue, workflowId, args: [{ oauth_state_id: id, workspace_id }] });
  return workflowId;
}

/** TikTok is busy once. */
async function recordRead(world: ShopWorld): Promise<string> {
  const { channel_id, workspace_id } = world.uk;
  const read_id = await insertShopRead(world.db, { workspace_id, channel_id, question: { kind: 'warehouses' } });
  await world.sandbox.fault({ path: '/logistics/202309/warehouses', times: 1, answer: { status: 500, code: 36009003, message: 'Internal error' } });
  const workflowId = shopReadWorkflowId(read_id);
  await world.client.workflow.execute('readShop', { taskQueue: world.queue, workflowId, args: [{ read_id, channel_id, workspace_id }] });
  return workflowId;
}

const start = (world: ShopWorld) =>
  world.client.workflow.start('shopToken', {
    taskQueue: world.queue,
    workflowId: shopTokenWorkflowId(world.uk.authorization_id),
    args: [{ authorization_id: world.uk.authorization_id, workspace_id: world.workspace_id, timings: { retry_initial_ms: 100, retry_max_ms: 200 } }],
  });
