import type { ShopWebhook } from '../contracts/shop-webhook.ts';
import type { OrderNews } from '../contracts/shop-order.ts';

export interface RoutedWebhook {
  id: string;
  webhook: ShopWebhook;
  /** A person wants it processed again: what it says is asked for, however new the rows are. */
  is_replay: boolean;
}

/** Whom several webhooks of one shop concern, and what they are told: once, however many webhooks say it. */
export type WebhookRoute = { webhook_ids: string[] } & (
  | { to: 'order'; order_id: string; news: OrderNews; update_time_ms: number | null }
  | { to: 'products'; product_ids: string[] }
  | { to: 'authorization'; event: 'deauthorized'; reason: string; sent_at_ms: number }
  | { to: 'authorization'; event: 'expiring'; expires_at_ms: number | null; sent_at_ms: number }
);

export interface RoutedWebhooks {
  routes: WebhookRoute[];
  /** Webhooks that concern nobody, with the reason. */
  ignored: { id: string; reason: string }[];
}

type OrderRoute = Extract<WebhookRoute, { to: 'order' }>;

/** The order, product or package that a webhook is about, for people who look for it. */
export function subjectOf(webhook: ShopWebhook): string | null {
  switch (webhook.kind) {
    case 'package':
      return webhook.packages[0]?.order_ids[0] ?? webhook.packages[0]?.package_id ?? null;
    case 'invoice':
      return webhook.order_ids[0] ?? webhook.package_id;
    case 'deauthorized':
    case 'authorization_expiring':
    case 'unknown':
      return null;
    default:
      return 'order_id' in webhook ? webhook.order_id : webhook.product_id;
  }
}

/** Sorts a shop's webhooks by whom they concern. @param webhooks in the order in which they came */
export function routeWebhooks(webhooks: readonly RoutedWebhook[]): RoutedWebhooks {
  const ignored: RoutedWebhooks['ignored'] = [];
  const orders = new Map<string, OrderRoute>();
  const products: Extract<WebhookRoute, { to: 'products' }> = { to: 'products', product_ids: [], webhook_ids: [] };
  const authorization = new Map<string, WebhookRoute>();

  for (const { id, webhook, is_replay } of webhooks) {
    const order = orderNewsOf(webhook);
    if (order) {
      if (order.order_ids.length === 0) ignored.push({ id, reason: 'it names no order' });
      for (const order_id of new Set(order.order_ids)) addOrder(orders, { id, order_id, news: order.news, update_time_ms: is_replay ? null : order.update_time_ms });
    } else if ('product_id' in webhook) {
      if (!products.product_ids.includes(webhook.product_id)) products.product_ids.push(webhook.product_id);
      products.webhook_ids.push(id);
    } else if (webhook.kind === 'deauthorized' || webhook.kind === 'authorization_expiring') {
      const { kind, timestamp_ms: sent_at_ms } = webhook;
      const earlier = authorization.get(kind);
      const webhook_ids = [...(earlier?.webhook_ids ?? []), id];
      // The newest word counts, whichever came last.
      if (earlier && 'sent_at_ms' in earlier && earlier.sent_at_ms > sent_at_ms) earlier.webhook_ids = webhook_ids;
      else if (webhook.kind === 'deauthorized') {
        authorization.set(kind, { to: 'authorization', event: 'deauthorized', reason: webhook.message ?? 'The seller ended the authorization.', sent_at_ms, webhook_ids });
      } else authorization.set(kind, { to: 'authorization', event: 'expiring', expires_at_ms: webhook.expires_at_ms, sent_at_ms, webhook_ids });
    } else ignored.push({ id, reason: reasonOfUnknown(webhook) });
  }
  return { routes: [...authorization.values(), ...orders.values(), ...(products.product_ids.length > 0 ? [products] : [])], ignored };
}

function reasonOfUnknown(webhook: ShopWebhook): string {
  const fault = webhook.kind === 'unknown' ? webhook.fault : null;
  return fault === null ? `nothing here is concerned by type ${webhook.type}` : `its data is not as documented for type ${webhook.type}: ${fault}`;
}

interface OrderNewsOfWebhook {
  news: OrderNews;
  order_ids: string[];
  update_time_ms: number | null;
}

/**
 * The time of the order itself tells whether its row is as new. A package, a cancellation and a return have times of their own, that say nothing of
 * it: with null they are asked for in any case.
 */
function orderNewsOf(webhook: ShopWebhook): OrderNewsOfWebhook | null {
  switch (webhook.kind) {
    case 'order_status':
    case 'recipient_address':
      return { news: 'order', order_ids: [webhook.order_id], update_time_ms: webhook.update_time_ms };
    case 'package':
      return { news: 'package', order_ids: webhook.packages.flatMap(({ order_ids }) => order_ids), update_time_ms: null };
    case 'invoice':
      return { news: 'package', order_ids: webhook.order_ids, update_time_ms: null };
    case 'cancellation':
    case 'return':
      return { news: webhook.kind, order_ids: [webhook.order_id], update_time_ms: null };
    default:
      return null;
  }
}

function addOrder(orders: Map<string, OrderRoute>, { id, order_id, news, update_time_ms }: Pick<OrderRoute, 'order_id' | 'news' | 'update_time_ms'> & { id: string }): void {
  const key = `${news} ${order_id}`;
  const known = orders.get(key);
  if (!known) {
    orders.set(key, { to: 'order', order_id, news, update_time_ms, webhook_ids: [id] });
    return;
  }
  known.webhook_ids.push(id);
  // One that does not say its time may be the newest.
  known.update_time_ms = known.update_time_ms === null || update_time_ms === null ? null : Math.max(known.update_time_ms, update_time_ms);
}
