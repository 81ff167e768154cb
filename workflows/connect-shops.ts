import { proxyActivities, setCurrentDetails, sleep, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { ShopTokenActivities } from '../activities/shop/accounts/accounts.activities.ts';
import type { AuthorizationKey, ConnectShopsInput, ConnectShopsOutcome } from '../domain/contracts/channel.ts';
import { accountsTaskQueue } from '../domain/names.ts';
import { shopPatientActivities } from './shop-account-activities.ts';

/** A person waits for the end of this. */
const PAUSES_MS = [300, 1_000, 3_000, 5_000];

/** Makes channels of the code that TikTok sent back, and has its tokens looked after. */
export async function connectShops(input: ConnectShopsInput): Promise<ConnectShopsOutcome> {
  const { workspace_id } = input;
  upsertSearchAttributes({ WorkspaceId: [workspace_id] });
  const exchanged = await shopPatientActivities({ summary: 'exchanges the code' }).exchangeShopCode(input);
  if (exchanged.kind === 'refused') return exchanged;

  const key = { authorization_id: exchanged.authorization_id, workspace_id };
  const { dropUnusedAuthorization, dropOtherAuthorizations, welcomeShopToken } = tokenActivities();
  const shops = await authorizedShops(key);
  if (shops.kind === 'refused') {
    await dropUnusedAuthorization(key);
    // Channels that it covered before go on with the new pair.
    await welcomeShopToken(key);
    return { kind: 'refused', code: shops.code, reason: shops.reason };
  }
  await welcomeShopToken(key);
  await dropOtherAuthorizations(key);
  setCurrentDetails(`Connected: ${shops.channels.map(({ name }) => name).join(', ')}`);
  return { kind: 'connected', authorization_id: key.authorization_id, channels: shops.channels, taken: shops.taken };
}

async function authorizedShops(key: AuthorizationKey) {
  const { connectAuthorizedShops } = tokenActivities();
  let outcome = await connectAuthorizedShops(key);
  for (const pause of PAUSES_MS) {
    if (outcome.kind === 'connected' || !outcome.retryable) return outcome;
    await sleep(pause);
    outcome = await connectAuthorizedShops(key);
  }
  return outcome;
}

const tokenActivities = () =>
  proxyActivities<ShopTokenActivities>({
    taskQueue: accountsTaskQueue(workflowInfo().taskQueue),
    startToCloseTimeout: '45s',
    heartbeatTimeout: '10s',
    retry: { initialInterval: '200ms', maximumInterval: '3s' },
  });
