import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ShopWebhook } from '../../domain/contracts/shop-webhook.ts';
import { faultOfWebhookTime } from '../../domain/shop/webhook-age.ts';
import { routeWebhooks, subjectOf, type RoutedWebhook } from '../../domain/shop/webhook-routes.ts';

const base = { type: 1, notification_id: 'n', shop_id: 's', timestamp_ms: 1_000 };
const orderStatus = (order_id: string, update_time_ms: number | null): ShopWebhook => ({ ...base, kind: 'order_status', order_id, status: 'UNPAID', is_on_hold: false, update_time_ms });
const routed = (...webhooks: ShopWebhook[]): RoutedWebhook[] => webhooks.map((webhook, index) => ({ id: String(index), webhook, is_replay: false }));

const anyOrderId = fc.constantFrom('1', '2', '3');
const anyTime = fc.option(fc.integer({ min: 1, max: 50 }));
const anyWebhook: fc.Arbitrary<ShopWebhook> = fc.oneof(
  fc.tuple(anyOrderId, anyTime).map(([order_id, time]) => orderStatus(order_id, time)),
  fc.array(anyOrderId, { maxLength: 3 }).map((order_ids): ShopWebhook => ({ ...base, kind: 'package', change: 'SPLIT', role: null, packages: [{ package_id: 'p', order_ids }], update_time_ms: 9 })),
  anyOrderId.map((order_id): ShopWebhook => ({ ...base, kind: 'cancellation', order_id, cancel_id: 'c', role: null, status: 'S', create_time_ms: 3 })),
  fc.constantFrom('a', 'b').map((product_id): ShopWebhook => ({ ...base, kind: 'product_created', product_id, update_time_ms: 1 })),
  fc.integer({ min: 1, max: 9 }).map((time): ShopWebhook => ({ ...base, timestamp_ms: time, kind: 'deauthorized', message: null })),
  fc.constant<ShopWebhook>({ ...base, kind: 'unknown', data: null, fault: null }),
);

describe('Webhooks of a shop', () => {
  test('each concerns somebody or is ignored, and never both', () => {
    fc.assert(
      fc.property(fc.array(anyWebhook, { maxLength: 20 }), (webhooks) => {
        const { routes, ignored } = routeWebhooks(routed(...webhooks));
        const told = new Set(routes.flatMap(({ webhook_ids }) => webhook_ids));
        const left = ignored.map(({ id }) => id);
        expect(left.filter((id) => told.has(id))).toEqual([]);
        expect([...told, ...left].sort()).toEqual(webhooks.map((_, index) => String(index)).sort());
      }),
    );
  });

  test('an order gets each kind of news once, with its newest time, or none where one did not say', () => {
    fc.assert(
      fc.property(fc.array(anyWebhook, { maxLength: 20 }), (webhooks) => {
        const orders = routeWebhooks(routed(...webhooks)).routes.flatMap((route) => (route.to === 'order' ? [route] : []));
        const keys = orders.map(({ order_id, news }) => `${order_id} ${news}`);
        expect(new Set(keys).size).toBe(keys.length);
        for (const { order_id, update_time_ms } of orders.filter(({ news }) => news === 'order')) {
          const times = webhooks.flatMap((each) => (each.kind === 'order_status' && each.order_id === order_id ? [each.update_time_ms] : []));
          expect(update_time_ms).toBe(times.includes(null) ? null : Math.max(...(times as number[])));
        }
      }),
    );
  });

  test('of an authorization the newest word counts, whichever came last', () => {
    const said = (message: string, timestamp_ms: number): ShopWebhook => ({ ...base, timestamp_ms, kind: 'deauthorized', message });
    expect(routeWebhooks(routed(said('old', 1), said('new', 3), said('middle', 2))).routes).toEqual([
      { to: 'authorization', event: 'deauthorized', reason: 'new', sent_at_ms: 3, webhook_ids: ['0', '1', '2'] },
    ]);
  });

  test('a replay asks for the order however new its row is', () => {
    const [first] = routed(orderStatus('1', 5));
    expect(routeWebhooks([{ ...first!, is_replay: true }]).routes).toMatchObject([{ update_time_ms: null }]);
  });

  test('are found by the order, else by the package or the product', () => {
    expect(subjectOf(orderStatus('1', null))).toBe('1');
    expect(subjectOf({ ...base, kind: 'package', change: 'SPLIT', role: null, packages: [{ package_id: 'p', order_ids: [] }], update_time_ms: null })).toBe('p');
    expect(subjectOf({ ...base, kind: 'invoice', package_id: 'p', order_ids: [], status: null })).toBe('p');
    expect(subjectOf({ ...base, kind: 'product_created', product_id: '9', update_time_ms: null })).toBe('9');
    expect(subjectOf({ ...base, kind: 'unknown', data: {}, fault: null })).toBeNull();
  });
});

test('A webhook is taken for as long as TikTok repeats it, and little ahead of our clock', () => {
  const now = 1_800_000_000_000;
  const lastAttempt = (2 + 30 + 3 * 60 + 12 * 60) * 60_000;
  expect(faultOfWebhookTime(now - lastAttempt, now)).toBeNull();
  expect(faultOfWebhookTime(now - 24 * 3_600_000, now)).toBeNull();
  expect(faultOfWebhookTime(now - 24 * 3_600_000 - 1, now)).toMatch(/24 hours/);
  expect(faultOfWebhookTime(now + 300_000, now)).toBeNull();
  expect(faultOfWebhookTime(now + 300_001, now)).toMatch(/ahead/);
});
