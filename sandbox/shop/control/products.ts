import { Hono } from 'hono';
import { bodyOf, ControlError } from '../../routes/control-input.ts';
import { createProduct } from '../catalogue/create-product.ts';
import { endAudit, setProductStatus } from '../catalogue/product-life.ts';
import type { World } from '../world.ts';
import { productOf, shopNamed, skuOf } from './find.ts';
import { auditSchema, newProductsSchema, productStatusSchema, stockSchema } from './schemas.ts';
import { productState, stockState } from './views.ts';

const MAX_SHOWN = 1_000;

/** Products, and the truth of their stock. */
export function productControl(world: World): Hono {
  const app = new Hono();
  app.get('/products', (c) => {
    const { shop_id, status } = c.req.query();
    const shops = shop_id ? [shopNamed(world, shop_id)] : world.shops.all();
    const products = shops.flatMap((shop) => [...shop.products.values()]).filter((product) => !status || product.status === status);
    return c.json({ total: products.length, products: products.slice(0, MAX_SHOWN).map(productState) });
  });
  app.post('/products', async (c) => {
    const { shop_id, count, tell, title, ...input } = newProductsSchema.parse(await bodyOf(c));
    const shop = shopNamed(world, shop_id);
    const created = [];
    for (let index = 0; index < count; index++) {
      const numbered = title === undefined || count === 1 ? title : `${title} ${index + 1}`;
      const product = createProduct(shop, { ...input, title: numbered, create_ms: world.clock.now() - (count - index) });
      if (!product) throw new ControlError(409, 'The shop is full.');
      if (tell) world.webhooks.send(16, shop, { product_id: product.id, product_types: [], update_time: Math.floor(product.update_ms / 1_000) });
      created.push(product);
    }
    return c.json({ created: created.length, products: created.slice(0, MAX_SHOWN).map(productState) }, 201);
  });
  app.post('/products/:id/status', async (c) => {
    const { shop, found } = productOf(world, c.req.param('id'));
    setProductStatus(world, shop, found, productStatusSchema.parse(await bodyOf(c)).status);
    return c.json(productState(found));
  });
  app.post('/products/:id/audit', async (c) => {
    const { shop, found } = productOf(world, c.req.param('id'));
    if (!endAudit(world, shop, found, auditSchema.parse(await bodyOf(c)).result)) throw new ControlError(409, 'No audit is running.');
    return c.json(productState(found));
  });

  app.get('/stock', (c) => {
    const shop = shopNamed(world, c.req.query('shop_id') ?? '');
    return c.json({ stock: [...shop.skus.values()].slice(0, MAX_SHOWN).map((sku) => stockState(shop, sku)) });
  });
  app.get('/stock/:sku', (c) => {
    const { shop, found } = skuOf(world, c.req.param('sku'));
    return c.json(stockState(shop, found));
  });
  /** As if it had always been so: no update of the seller's. */
  app.put('/stock/:sku', async (c) => {
    const { shop, found } = skuOf(world, c.req.param('sku'));
    const { quantity, warehouse_id } = stockSchema.parse(await bodyOf(c));
    const [first] = found.stock.keys();
    const at = found.stock.get(warehouse_id ?? first ?? '');
    if (!at) throw new ControlError(404, `The SKU is at no warehouse "${warehouse_id ?? ''}".`);
    at.available = quantity;
    shop.version += 1;
    return c.json(stockState(shop, found));
  });
  return app;
}
