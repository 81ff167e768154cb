import { listAuthorizationChannels, type ChannelRow } from '../../../db/channel.repository.ts';
import type { AuthorizationKey } from '../../../domain/contracts/channel.ts';
import { webhookAddress, WEBHOOK_EVENT_TYPES } from '../../../domain/shop/webhook-subscription.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import type { ErrorLog } from '../../live/log.ts';
import type { ShopCalls } from '../shop-calls.ts';
import { inBrackets, namesOf, type EndAuthorizationDeps } from './end-authorization.ts';
import { asError } from './check-shops.ts';
import { notifyOnce } from './notices.ts';

export interface SubscribeWebhooksDeps extends EndAuthorizationDeps {
  tiktok: Pick<ShopClient, 'webhooks' | 'subscribeWebhook'>;
  calls: ShopCalls;
  publicUrl: string | null;
  logger: ErrorLog;
}

export function createSubscribeActivities({ db, pool, tiktok, calls, publicUrl, logger }: SubscribeWebhooksDeps) {
  /** @returns what TikTok does not subscribe, and why; only what differs is sent */
  const subscribe = async ({ id, shop_id }: ChannelRow, address: string): Promise<{ event_type: string; reason: string }[]> => {
    const known = await calls.withShop(id, {}, (access) => tiktok.webhooks(access));
    if (!known.ok) {
      if (known.retry === 'later' && known.tiktok_code !== null) throw asError(known);
      return [{ event_type: 'all', reason: known.reason }];
    }
    const there = new Set(known.value.filter((each) => each.address === address).map(({ event_type }) => event_type));
    const refused: { event_type: string; reason: string }[] = [];
    for (const event_type of WEBHOOK_EVENT_TYPES.filter((each) => !there.has(each))) {
      const answer = await calls.withShop(id, {}, (access) => tiktok.subscribeWebhook(access, { event_type, address }));
      if (answer.ok) continue;
      if (answer.retry === 'later') throw asError(answer);
      refused.push({ event_type, reason: answer.reason });
      logger.warn({ shop_id, event_type, reason: answer.reason }, 'TikTok Shop does not subscribe a webhook');
    }
    return refused;
  };

  return {
    /**
     * Has TikTok tell us of what happens in the shops, where it can reach us; where it refuses people are told, once for each connecting.
     * @throws AppError where TikTok can be asked again
     */
    async subscribeWebhooks({ authorization_id }: AuthorizationKey): Promise<void> {
      const address = webhookAddress(publicUrl);
      if (address === null) return;
      for (const channel of (await listAuthorizationChannels(db, authorization_id)).filter(({ state }) => state === 'active')) {
        const refused = await subscribe(channel, address);
        const [first] = refused;
        if (!first) continue;
        const what = refused.map(({ event_type }) => event_type).join(', ');
        const message = `${namesOf([channel])}: TikTok does not subscribe these webhooks: ${what}${inBrackets(first.reason)}. Set ${address} in Partner Center; until then they are found when the shop is synchronized.`;
        await notifyOnce(pool, channel.workspace_id, `shop webhooks:${channel.id}:${channel.connected_at.toISOString()}`, message);
      }
    },
  };
}
