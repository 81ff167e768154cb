import type { ShopOwner } from '../../../db/shop-webhook-queue.repository.ts';
import { isBeforeConnection } from '../../../domain/shop/history.ts';
import type { WebhookRoute } from '../../../domain/shop/webhook-routes.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';

export interface Followed {
  /** For people. */
  outcome: string;
  is_ignored: boolean;
}

/** A signal's payload stays small. */
const MOST_PRODUCTS = 100;

/** Tells the workflow that a route names. @param read orders whose rows are as TikTok has them. @throws where it could not be told */
export async function followRoute(workflows: ShopWorkflows, owner: ShopOwner, route: WebhookRoute, read: ReadonlySet<string>): Promise<Followed> {
  const channel = { channel_id: owner.channel_id, workspace_id: owner.workspace_id };
  switch (route.to) {
    case 'order': {
      const { order_id, news, update_time_ms } = route;
      await workflows.orderChanged({ ...channel, order_id }, { source: 'webhook', news, update_time_ms, ...(news === 'order' && read.has(order_id) ? { is_read: true as const } : {}) });
      return done(`order ${order_id} was told`);
    }
    case 'products': {
      const { product_ids } = route;
      for (let at = 0; at < product_ids.length; at += MOST_PRODUCTS) await workflows.productsChanged(channel, product_ids.slice(at, at + MOST_PRODUCTS));
      return done('the product is fetched');
    }
    case 'authorization':
      return authorizationSays(workflows, owner, route);
  }
}

/** Word of an earlier consent must not end the one that came after it. */
async function authorizationSays(workflows: ShopWorkflows, { shop_id, authorization_id, workspace_id, authorized_at }: ShopOwner, route: Extract<WebhookRoute, { to: 'authorization' }>): Promise<Followed> {
  if (isBeforeConnection(route.sent_at_ms, authorized_at.getTime())) return { outcome: 'the shop was connected again since', is_ignored: true };
  const authorization = { authorization_id, workspace_id };
  if (route.event === 'expiring') {
    await workflows.expiring(authorization, { expires_at_ms: route.expires_at_ms });
    return done('the end of the authorization was told');
  }
  await workflows.deauthorized(authorization, { shop_id, reason: route.reason });
  return done('the end of the authorization was told');
}

const done = (outcome: string): Followed => ({ outcome, is_ignored: false });
