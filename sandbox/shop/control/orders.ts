import { Hono } from 'hono';
import type { z } from 'zod';
import { bodyOf, ControlError } from '../../routes/control-input.ts';
import { answerCancellation, cancelNow, pendingOf, requestCancellation } from '../aftersales/cancellations.ts';
import { requestReturn, settleReturn } from '../aftersales/returns.ts';
import { availableOf } from '../catalogue/stock.ts';
import { bringTo } from '../orders/bring-to.ts';
import { touchOrder } from '../orders/change.ts';
import { createOrder } from '../orders/create-order.ts';
import { isOpen } from '../orders/status.ts';
import { complete, deliver, hold, pay, release, scan, shipByItself } from '../orders/steps.ts';
import type { Line, Order } from '../orders/types.ts';
import type { Shop } from '../state/shops.ts';
import { quietly, type World } from '../world.ts';
import { cancellationOf, orderNamed, returnOf, shopNamed } from './find.ts';
import { answerSchema, linesSchema, newOrdersSchema } from './schemas.ts';
import { orderState } from './views.ts';

const MAX_SHOWN = 1_000;

type Wanted = Omit<z.infer<typeof linesSchema>, 'line_ids'> & { lines: Line[] };
type Action = (world: World, shop: Shop, order: Order, wanted: Wanted) => unknown;
/** What may happen to an order in TikTok's place; false: not in the state it is in. */
const ACTIONS: Readonly<Record<string, Action>> = {
  pay,
  hold,
  release,
  ship: shipByItself,
  scan,
  deliver,
  complete,
  cancel: (world, shop, order, { lines, role, reason }) => order.status !== 'CANCELLED' && cancelNow(world, shop, order, lines, role, reason),
  'request-cancel': (world, shop, order, { lines, reason }) => {
    // Until the remorse period is over nobody has to be asked.
    if (order.status === 'UNPAID' || order.status === 'ON_HOLD') return cancelNow(world, shop, order, lines, 'BUYER', reason);
    const isPossible = lines.every((line) => isOpen(line) || line.status === 'AWAITING_COLLECTION');
    return isPossible && !pendingOf(shop, order) && requestCancellation(world, shop, order, lines, reason);
  },
  return: (world, shop, order, { lines, type, reason }) => requestReturn(world, shop, order, lines, type, reason),
  address: (world, shop, order) => {
    order.address_updated = true;
    touchOrder(world, shop, order);
    world.webhooks.send(3, shop, { order_id: order.id, update_time: Math.floor(order.update_ms / 1_000) });
  },
};

export function orderControl(world: World): Hono {
  const app = new Hono();
  app.get('/orders', (c) => {
    const { shop_id, status } = c.req.query();
    const shops = shop_id ? [shopNamed(world, shop_id)] : world.shops.all();
    const orders = shops.flatMap((shop) => [...shop.orders.values()].filter((order) => !status || order.status === status).map((order) => [shop, order] as const));
    return c.json({ total: orders.length, orders: orders.slice(-MAX_SHOWN).map(([shop, order]) => orderState(shop, order)) });
  });
  app.post('/orders', async (c) => {
    const { ids, shop } = placeOrders(world, newOrdersSchema.parse(await bodyOf(c)));
    return c.json({ created: ids.length, ids, orders: ids.slice(0, 20).flatMap((id) => shop.orders.get(id) ?? []).map((order) => orderState(shop, order)) }, 201);
  });
  app.get('/orders/:id', (c) => {
    const { shop, found } = orderNamed(world, c.req.param('id'));
    return c.json(orderState(shop, found));
  });
  app.post('/orders/:id/:action', async (c) => {
    const { shop, found } = orderNamed(world, c.req.param('id'));
    const action = ACTIONS[c.req.param('action')];
    if (!action) throw new ControlError(404, `There is no action "${c.req.param('action')}". There are ${Object.keys(ACTIONS).join(', ')}.`);
    const { line_ids, ...wanted } = linesSchema.parse(await bodyOf(c));
    const lines = found.lines.filter(({ id }) => !line_ids || line_ids.includes(id));
    const result = action(world, shop, found, { ...wanted, lines });
    if (result === false) throw new ControlError(409, `The order is ${found.status}.`);
    return c.json({ ...orderState(shop, found), result: typeof result === 'object' ? result : undefined });
  });
  app.post('/cancellations/:id/answer', async (c) => {
    const { shop, found } = cancellationOf(world, c.req.param('id'));
    if (!answerCancellation(world, shop, found, answerSchema.parse(await bodyOf(c)).approved)) throw new ControlError(409, `The cancellation is ${found.status}.`);
    return c.json(found);
  });
  app.post('/returns/:id/settle', async (c) => {
    const { shop, found } = returnOf(world, c.req.param('id'));
    if (!settleReturn(world, shop, found, answerSchema.parse(await bodyOf(c)).approved)) throw new ControlError(409, `The return is ${found.status}.`);
    return c.json(found);
  });
  return app;
}

function placeOrders(world: World, { shop_id, items, count, status, over_ms, quiet, ...input }: z.infer<typeof newOrdersSchema>): { shop: Shop; ids: string[] } {
  const shop = shopNamed(world, shop_id);
  const wanted = items ?? [{ sku_id: firstSku(shop), quantity: 1 }];
  const units = wanted.map(({ sku_id, quantity }) => {
    const sku = shop.skus.get(sku_id);
    if (!sku) throw new ControlError(404, `The shop has no SKU "${sku_id}".`);
    return { sku, quantity };
  });
  const place = (): string[] =>
    Array.from({ length: count }, (_, index) => {
      const create_ms = over_ms > 0 ? Math.round(world.clock.now() - over_ms * (1 - index / count)) : undefined;
      const order = createOrder(world, shop, { ...input, items: units, create_ms });
      if (!order) throw new ControlError(409, `Sold out after ${index} orders.`);
      bringTo(world, shop, order, status);
      if (create_ms !== undefined) order.update_ms = create_ms;
      return order.id;
    });
  return { shop, ids: quiet ? quietly(world, place) : place() };
}

const firstSku = (shop: Shop): string => [...shop.skus.values()].find((sku) => sku.product.status === 'ACTIVATE' && availableOf(sku) > 0)?.id ?? '';
