import { setTimeout as delay } from 'node:timers/promises';
import { connectChannel, listAuthorizationChannels, type ChannelRow } from '../../../db/channel.repository.ts';
import type { Db } from '../../../db/client.ts';
import type { SecretBox } from '../../../db/secret-box.ts';
import { connectSeller, findAuthorization, listUnusedAuthorizations, removeTokens } from '../../../db/shop-authorization.repository.ts';
import { findShopOauthStateOf, takeShopCode } from '../../../db/shop-oauth-state.repository.ts';
import type { AuthorizationKey, ConnectedChannel, ConnectShopsInput } from '../../../domain/contracts/channel.ts';
import type { AuthorizedShop, ShopResult, ShopTokens } from '../../../domain/contracts/shop-api.ts';
import { DEFAULT_TOKEN_TIMINGS } from '../../../domain/contracts/social-account.ts';
import { ERRORS, type ErrorCode } from '../../../domain/errors.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import { untilStored } from '../../accounts/until-stored.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import type { ErrorLog } from '../../live/log.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';
import { sealShopPair } from './authorization-life.ts';

export interface ConnectShopsDeps {
  db: Db;
  secrets: SecretBox;
  tiktok: Pick<ShopClient, 'getTokens' | 'authorizedShops'>;
  workflows: Pick<ShopWorkflows, 'reconnected'>;
  logger: ErrorLog;
}

export type ExchangeOutcome = { kind: 'authorized'; authorization_id: string } | { kind: 'refused'; code: ErrorCode; reason: string };

/** retryable: TikTok may answer otherwise soon. */
export type ShopsOutcome =
  | { kind: 'connected'; channels: ConnectedChannel[]; taken: { shop_id: string; name: string }[] }
  | { kind: 'refused'; code: ErrorCode; reason: string; retryable: boolean };

const PAUSES_MS = [300, 1_000, 3_000];
const LONGEST_PAUSE_MS = 5_000;
const BEGIN_AGAIN = 'TikTok’s answer to the exchange was lost, and a code is good once: connect the shop again.';

export function createConnectShopsActivities(deps: ConnectShopsDeps) {
  return {
    /** Exchanges the code that waits in the state's row, and stores the pair before anything else can fail. */
    exchangeShopCode: (input: ConnectShopsInput): Promise<ExchangeOutcome> => heartbeating(() => exchange(deps, input)),

    /** Makes a channel of each shop that the authorization covers; paused ones are active again. */
    connectAuthorizedShops: (key: AuthorizationKey): Promise<ShopsOutcome> => heartbeating(() => connectShops(deps, key)),

    /** Removes tokens that no channel needs. */
    async dropUnusedAuthorization(key: AuthorizationKey): Promise<void> {
      const channels = await listAuthorizationChannels(deps.db, key.authorization_id);
      if (channels.every(({ state }) => state === 'disconnected')) await removeTokens(deps.db, key);
    },

    /** The same for the workspace's others: a shop may have come under another authorization. */
    async dropOtherAuthorizations({ workspace_id }: AuthorizationKey): Promise<void> {
      for (const unused of await listUnusedAuthorizations(deps.db, workspace_id)) {
        await removeTokens(deps.db, unused);
        await deps.workflows.reconnected(unused);
      }
    },

    /** Sees to it that the workflow which owns the tokens runs, and knows of the new pair and its channels. */
    welcomeShopToken: (key: AuthorizationKey): Promise<void> => deps.workflows.reconnected(key),
  };
}

async function exchange(deps: ConnectShopsDeps, { oauth_state_id, workspace_id }: ConnectShopsInput): Promise<ExchangeOutcome> {
  const { db, secrets } = deps;
  const state = await findShopOauthStateOf(db, workspace_id, oauth_state_id);
  if (!state) return refused('oauth_state_expired');
  if (state.authorization_id) return { kind: 'authorized', authorization_id: state.authorization_id };
  // Taken out first: a code is good once, and sent twice it may cost what the first time brought.
  const sealed = await takeShopCode(db, workspace_id, oauth_state_id);
  if (sealed === null) return refused('shop_auth_code', BEGIN_AGAIN);
  const askedAt = new Date();
  const tokens = await getTokens(deps, secrets.open(sealed));
  if (!tokens.ok) return refused(tokens.code, tokens.definite ? tokens.reason : `${BEGIN_AGAIN} (${tokens.reason})`);
  const { open_id, seller_name, seller_base_region } = tokens.value;
  const pair = sealShopPair(tokens.value, askedAt, secrets, DEFAULT_TOKEN_TIMINGS);
  const seller = { ...pair, workspace_id, open_id, seller_name, seller_base_region, oauth_state_id, connected_by: state.user_id };
  return { kind: 'authorized', authorization_id: await untilStored(() => connectSeller(db, seller), deps.logger, 'a seller’s authorization') };
}

/** Sends the code once more only where it is known that TikTok has not used it up. */
async function getTokens({ tiktok }: ConnectShopsDeps, code: string): Promise<ShopResult<ShopTokens>> {
  let answer = await tiktok.getTokens(code);
  for (const pause of PAUSES_MS) {
    if (answer.ok || !answer.definite || answer.retry !== 'later') return answer;
    await delay(Math.min(Math.max(pause, answer.retry_after_ms ?? 0), LONGEST_PAUSE_MS));
    answer = await tiktok.getTokens(code);
  }
  return answer;
}

async function connectShops({ db, secrets, tiktok }: ConnectShopsDeps, key: AuthorizationKey): Promise<ShopsOutcome> {
  const row = await findAuthorization(db, key.workspace_id, key.authorization_id);
  if (!row?.access_token) return { ...refused('shop_channel_disconnected'), retryable: false };
  const shops = await tiktok.authorizedShops({ access_token: secrets.open(row.access_token) });
  if (!shops.ok) return { ...refused(shops.code, shops.reason), retryable: shops.retry === 'later' };
  const channels: ConnectedChannel[] = [];
  const taken: { shop_id: string; name: string }[] = [];
  for (const shop of shops.value) {
    const channel = await connectChannel(db, { ...key, ...columnsOf(shop), shop_cipher: secrets.seal(shop.cipher) });
    if (channel) channels.push(connectedOf(channel));
    else taken.push({ shop_id: shop.id, name: shop.name });
  }
  if (channels.length > 0) return { kind: 'connected', channels, taken };
  if (taken.length === 0) return { ...refused('shop_refused', 'TikTok Shop: the authorization covers no shop.'), retryable: false };
  return { ...refused('shop_taken', `${ERRORS.shop_taken.message} (${taken.map(({ name }) => name).join(', ')})`), retryable: false };
}

const columnsOf = ({ id, name, region, seller_type, code }: AuthorizedShop) => ({ shop_id: id, name, region, seller_type, code });
const connectedOf = ({ id, shop_id, name, region, state }: ChannelRow): ConnectedChannel => ({ channel_id: id, shop_id, name, region, state });
const refused = (code: ErrorCode, reason: string = ERRORS[code].message) => ({ kind: 'refused' as const, code, reason });
