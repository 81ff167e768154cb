import type { Client } from '@temporalio/client';
import type { ChannelRow } from '../../db/channel.repository.ts';
import type { Db } from '../../db/client.ts';
import type { SecretBox } from '../../db/secret-box.ts';
import { findChannelAccess, type ShopAuthorizationRow } from '../../db/shop-authorization.repository.ts';
import type { ShopFailure, ShopResult } from '../../domain/contracts/shop-api.ts';
import type { RefreshAnswer, TokenLife } from '../../domain/contracts/social-account.ts';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { refreshDue } from '../../domain/publishing/token-schedule.ts';
import type { ShopAccess } from '../../tiktok/shop/index.ts';
import { atMost } from '../accounts/at-most.ts';
import type { ErrorLog } from '../live/log.ts';
import { authorizationLifeOf } from './accounts/authorization-life.ts';
import { orAbort, shared } from '../accounts/shared-work.ts';
import { createSuspicions } from './accounts/suspicions.ts';
import { createAskRefresh } from './accounts/token-workflow.ts';
import type { CallingChannel, ShopCallOptions, ShopCalls } from './shop-calls.ts';
import { createShopWorkflows } from './shop-workflows.ts';

export interface ShopCallsDeps {
  db: Db;
  secrets: SecretBox;
  client: Client;
  taskQueuePrefix: string;
  logger: ErrorLog;
  /** Most that a refresh may take, milliseconds. */
  refreshMs?: number;
}

/** However many channels are called for: the pool's other connections are for others, and its queue has a time limit. */
const READS_AT_ONCE = 4;

type Found = { channel: ChannelRow; authorization: ShopAuthorizationRow } | undefined;

/** A channel whose seller's authorization holds a pair of tokens. */
interface Usable {
  channel: CallingChannel;
  life: TokenLife;
  /** Only ever in memory. */
  access: ShopAccess;
}
type Loaded = ({ ok: true } & Usable) | ShopFailure;

/**
 * In this process a channel is read once and an authorization refreshed once at a time, however many wait for it; over all processes the
 * `shopToken` workflow sees to that.
 */
export function createShopCalls({ db, secrets, client, taskQueuePrefix, logger, refreshMs }: ShopCallsDeps): ShopCalls {
  const ask = createAskRefresh(client, taskQueuePrefix, refreshMs);
  const suspicions = createSuspicions(createShopWorkflows(client, taskQueuePrefix), logger);
  const reading = atMost(READS_AT_ONCE);
  // A read that began a moment ago may miss a refresh: its token is then found wanting, and the refresh answers with the newer one.
  const read = shared((channelId: string): Promise<Found> => reading(() => findChannelAccess(db, channelId)));
  const renew = shared((_key: string, { authorization_id, workspace_id }: CallingChannel, version: number): Promise<RefreshAnswer> => ask({ authorization_id, workspace_id }, version));

  const judge = (found: Found): Loaded => {
    if (!found || found.channel.state === 'disconnected') return refusal('shop_channel_disconnected');
    const { channel, authorization } = found;
    if (channel.state === 'paused') return refusal('shop_channel_paused', channel.state_reason ?? undefined);
    const known = authorizationLifeOf(authorization);
    if (known.kind === 'gone' || authorization.access_token === null) return refusal('shop_channel_disconnected');
    if (known.kind === 'reconnect_needed') return refusal(known.code, known.reason);
    const access = { shop_id: channel.shop_id, shop_cipher: secrets.open(channel.shop_cipher), access_token: secrets.open(authorization.access_token) };
    return { ok: true, channel: callerOf(channel), life: known.life, access };
  };

  /** The channel with a newer pair than `stale` has. */
  const renewed = async ({ channel, life }: Usable, { signal, onRefreshed }: ShopCallOptions): Promise<Loaded> => {
    const key = `${channel.authorization_id}:${life.token_version}`;
    const answer = await orAbort(renew(key, channel, life.token_version), signal).catch((error: unknown): RefreshAnswer => {
      signal?.throwIfAborted();
      logger.warn({ err: error, authorization_id: channel.authorization_id }, 'a refresh was asked for and got no answer');
      return { ok: false, code: 'unavailable', reason: 'Temporal did not answer a refresh in time.', state: life.state };
    });
    if (!answer.ok) return answer.state === 'disconnected' ? refusal('shop_channel_disconnected') : refusal(answer.code, answer.reason);
    await onRefreshed?.();
    // Not the shared read: it may have begun before the refresh was stored.
    return judge(await reading(() => findChannelAccess(db, channel.channel_id)));
  };

  const calling = async <T>(usable: Usable, options: ShopCallOptions, call: (access: ShopAccess, channel: CallingChannel) => Promise<ShopResult<T>>): Promise<ShopResult<T>> => {
    const result = await call(usable.access, usable.channel);
    if (result.ok || result.retry !== 'refresh') return result;
    const fresh = await renewed(usable, options);
    return fresh.ok ? await call(fresh.access, fresh.channel) : fresh;
  };

  return {
    async withShop(channelId, options, call) {
      let usable = judge(await read(channelId));
      if (!usable.ok) return usable;
      if (refreshDue(usable.life, Date.now())) {
        const fresh = await renewed(usable, options);
        // A token that is about to end is still one: TikTok's trouble with refreshing need not be the caller's.
        if (fresh.ok) usable = fresh;
        else if (fresh.retry !== 'later' || usable.life.access_expires_at_ms <= Date.now()) return fresh;
      }
      const result = await calling(usable, options, call);
      if (!result.ok) await suspicions.report(usable.channel, result);
      return result;
    },
  };
}

const callerOf = ({ id, workspace_id, authorization_id, shop_id, name, region, connected_at }: ChannelRow): CallingChannel => ({
  channel_id: id,
  workspace_id,
  authorization_id,
  shop_id,
  name,
  region,
  connected_at,
});

/** TikTok was not called: nothing happened. */
const refusal = (code: ErrorCode, reason: string = ERRORS[code].message): ShopFailure => ({
  ok: false,
  code,
  reason,
  tiktok_code: null,
  definite: true,
  retry: ERRORS[code].permanent ? 'never' : 'later',
  retry_after_ms: null,
});
