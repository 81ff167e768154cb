import { Hono } from 'hono';
import type { z } from 'zod';
import { createRandom } from '../../catalogue/random.ts';
import { bodyOf } from '../../routes/control-input.ts';
import { bringTo } from '../orders/bring-to.ts';
import { createOrder } from '../orders/create-order.ts';
import type { World } from '../world.ts';
import { skuOf } from './find.ts';
import { buySchema } from './schemas.ts';
import { stockState } from './views.ts';

/** Buyers that come all at once, or within a while: each gets all its units, or nothing. TikTok never sells more than is available there. */
export function buyControl(world: World): Hono {
  const app = new Hono();
  app.post('/buy', async (c) => {
    const wanted = buySchema.parse(await bodyOf(c));
    const { shop, found } = skuOf(world, wanted.sku_id);
    const bought = await Promise.all(buyers(world, wanted));
    const order_ids = bought.filter((id) => id !== null);
    return c.json({ bought: order_ids.length, refused: bought.length - order_ids.length, units: order_ids.length * wanted.quantity, order_ids, stock: stockState(shop, found) });
  });
  return app;
}

/** @returns for each buyer the order's id, or null: sold out. Their moments are real time, and the same for the same seed. */
function buyers(world: World, wanted: z.infer<typeof buySchema>): Promise<string | null>[] {
  const random = createRandom(wanted.seed);
  return Array.from({ length: wanted.buyers }, (_, index) => {
    const wait = random() * wanted.spread_ms;
    return new Promise<string | null>((resolve, reject) => {
      setTimeout(() => {
        try {
          resolve(buyOne(world, wanted, index));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      }, wait);
    });
  });
}

function buyOne(world: World, { sku_id, quantity, status, buyer, ...input }: z.infer<typeof buySchema>, index: number): string | null {
  const { shop, found } = skuOf(world, sku_id);
  const order = createOrder(world, shop, { ...input, items: [{ sku: found, quantity }], buyer: buyer ?? `Buyer ${index + 1}` });
  if (!order) return null;
  bringTo(world, shop, order, status);
  return order.id;
}
