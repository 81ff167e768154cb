import type { SecretBox } from '../../../db/secret-box.ts';
import {
  clearRefreshSent,
  findAuthorization,
  markRefreshSent,
  noteRefreshError,
  storeRefreshedPair,
  type ShopAuthorizationRow,
} from '../../../db/shop-authorization.repository.ts';
import type { AuthorizationKey } from '../../../domain/contracts/channel.ts';
import type { ShopTokens } from '../../../domain/contracts/shop-api.ts';
import type { AccountLife, RefreshOutcome, TokenTimings } from '../../../domain/contracts/social-account.ts';
import type { ErrorCode } from '../../../domain/errors.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import { untilStored } from '../../accounts/until-stored.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import type { ErrorLog } from '../../live/log.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';
import { authorizationLifeOf, sealShopPair } from './authorization-life.ts';
import { endAuthorization, tellReconnectNeeded, type EndAuthorizationDeps } from './end-authorization.ts';

export interface RefreshShopTokenInput extends AuthorizationKey, Pick<TokenTimings, 'expiring_before_ms'> {
  /** Refresh unless the row holds a newer pair than this. */
  seen_version: number;
  /** Why the authorization may have ended: where TikTok confirms it, this is the reason. */
  suspicion: string | null;
}

export interface RefreshShopTokenDeps extends EndAuthorizationDeps {
  secrets: SecretBox;
  tiktok: Pick<ShopClient, 'refreshTokens'>;
  workflows: Pick<ShopWorkflows, 'reconnected'>;
  logger: ErrorLog;
}

/** What the `shopToken` workflow does; nothing else refreshes. */
export function createRefreshActivities(deps: RefreshShopTokenDeps) {
  return {
    readAuthorizationLife: async ({ workspace_id, authorization_id }: AuthorizationKey): Promise<AccountLife> =>
      authorizationLifeOf(await findAuthorization(deps.db, workspace_id, authorization_id)),

    /**
     * Refreshes, once, by TikTok's refresh token of the version that the row holds. TikTok may take each refresh token once only: the row says
     * before it is sent that it is, and the answer is stored before anybody is told.
     */
    refreshShopToken: (input: RefreshShopTokenInput): Promise<RefreshOutcome> => heartbeating(() => refresh(deps, input)),
  };
}

async function refresh(deps: RefreshShopTokenDeps, input: RefreshShopTokenInput): Promise<RefreshOutcome> {
  const row = await findAuthorization(deps.db, input.workspace_id, input.authorization_id);
  const settled = outcomeWithout(row, input.seen_version);
  if (settled || !row?.refresh_token) {
    await tellReconnectNeeded(deps, row);
    return settled ?? { kind: 'gone' };
  }
  const opened = open(deps.secrets, row.refresh_token);
  if ('fault' in opened) return { kind: 'failed', code: 'internal', reason: opened.fault };
  const marked = await markRefreshSent(deps.db, row.id, row.token_version);
  if (!marked) return asStored(deps, input);

  const askedAt = new Date();
  // No signal: an answer that nobody waits for any more would be a lost pair. The client's own time limit ends it.
  const answer = await deps.tiktok.refreshTokens(opened.token);
  if (answer.ok) return keep(deps, input, row, answer.value, askedAt);
  if (answer.code === 'shop_reconnect_needed') return giveUp(deps, input, row, answer.reason, marked.sent_before);
  const forget = answer.definite && !marked.sent_before ? clearRefreshSent : noteRefreshError;
  await untilStored(() => forget(deps.db, row.id, row.token_version, answer.reason), deps.logger, 'the failure of a refresh');
  const { code, reason, retry_after_ms } = answer;
  return { kind: 'failed', code, reason, ...(retry_after_ms !== null && { retry_after_ms }) };
}

/** Where there is nothing to refresh: how it stands. null: refresh. */
function outcomeWithout(row: ShopAuthorizationRow | undefined, seenVersion: number): RefreshOutcome | null {
  const known = authorizationLifeOf(row);
  if (known.kind !== 'usable') return known;
  return known.life.token_version > seenVersion ? { kind: 'refreshed', life: known.life } : null;
}

function open(secrets: SecretBox, sealed: string): { token: string } | { fault: string } {
  try {
    return { token: secrets.open(sealed) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

async function keep(deps: RefreshShopTokenDeps, input: RefreshShopTokenInput, row: ShopAuthorizationRow, tokens: ShopTokens, askedAt: Date): Promise<RefreshOutcome> {
  if (tokens.open_id !== row.open_id) deps.logger.warn({ authorization_id: row.id }, 'TikTok Shop answered a refresh with another open_id');
  const granted_scopes = tokens.granted_scopes.length > 0 ? tokens.granted_scopes : row.granted_scopes;
  const pair = sealShopPair({ ...tokens, granted_scopes }, askedAt, deps.secrets, input);
  const stored = await untilStored(() => storeRefreshedPair(deps.db, row.id, row.token_version, pair), deps.logger, 'a refreshed pair of tokens');
  // Not stored by this statement: a person was faster, or it is the commit whose answer was lost. The row tells.
  if (stored === 'too_late') deps.logger.warn({ authorization_id: row.id }, 'the pair of a refresh met a newer one');
  // Its workflow had ended with the authorization; the channels that are active again need it.
  if (stored === 'healed') await untilStored(() => deps.workflows.reconnected(input), deps.logger, 'the news of a pair that came late');
  return asStored(deps, input);
}

async function giveUp(deps: RefreshShopTokenDeps, input: RefreshShopTokenInput, row: ShopAuthorizationRow, reason: string, sentBefore: boolean): Promise<RefreshOutcome> {
  const [code, why] = whyGivenUp(reason, sentBefore, input.suspicion);
  const known = await untilStored(() => endAuthorization(deps, input, row.token_version, code, why), deps.logger, 'the end of an authorization');
  return known.kind === 'usable' ? { kind: 'refreshed', life: known.life } : known;
}

function whyGivenUp(reason: string, sentBefore: boolean, suspicion: string | null): [ErrorCode, string] {
  if (suspicion !== null) return ['shop_reconnect_needed', `${suspicion} ${reason}`];
  return sentBefore
    ? ['token_lost', `An earlier refresh with the same token got no answer that could be kept; now TikTok says: ${reason}`]
    : ['shop_reconnect_needed', reason];
}

async function asStored(deps: RefreshShopTokenDeps, input: RefreshShopTokenInput): Promise<RefreshOutcome> {
  const row = await untilStored(() => findAuthorization(deps.db, input.workspace_id, input.authorization_id), deps.logger, 'an authorization');
  return outcomeWithout(row, input.seen_version) ?? { kind: 'failed', code: 'conflict', reason: 'The authorization changed meanwhile.' };
}
