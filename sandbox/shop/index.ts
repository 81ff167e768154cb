import { Hono } from 'hono';
import { shopControlRoutes } from './control/routes.ts';
import { authorizationRoutes } from './routes/authorization.ts';
import { authorizeRoutes } from './routes/authorize.ts';
import { cancellationRoutes } from './routes/cancellations.ts';
import { documentFiles, documentRoutes } from './routes/documents.ts';
import { inventoryRoutes } from './routes/inventory.ts';
import { logisticsRoutes } from './routes/logistics.ts';
import { markShippedRoutes } from './routes/mark-shipped.ts';
import { orderRoutes } from './routes/orders.ts';
import { packageRoutes } from './routes/packages.ts';
import { priceRoutes } from './routes/prices.ts';
import { productRoutes } from './routes/products.ts';
import { returnRoutes } from './routes/returns.ts';
import { shipRoutes } from './routes/ship.ts';
import { shippingInfoRoutes } from './routes/shipping-info.ts';
import { splitCombineRoutes } from './routes/split-combine.ts';
import { tokenRoutes } from './routes/token.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { createRouter } from './wire/router.ts';
import type { Env } from './wire/serve.ts';
import { createWorld, type ShopWorldOptions } from './world.ts';

/** The TikTok Shop half of the sandbox. */
export interface ShopSandbox {
  /** Token host, consent page and Open API. */
  routes: Hono<Env>;
  /** To be mounted under /control/shop. */
  control: Hono;
  reset(): void;
}

const PARTS = [
  authorizationRoutes,
  productRoutes,
  inventoryRoutes,
  priceRoutes,
  orderRoutes,
  logisticsRoutes,
  packageRoutes,
  shipRoutes,
  markShippedRoutes,
  shippingInfoRoutes,
  documentRoutes,
  splitCombineRoutes,
  cancellationRoutes,
  returnRoutes,
  webhookRoutes,
];

export function createShop(options: ShopWorldOptions): ShopSandbox {
  const world = createWorld(options);
  const router = createRouter(world);
  for (const part of PARTS) part(world, router);
  const routes = new Hono<Env>().route('/', tokenRoutes(world)).route('/', authorizeRoutes(world)).route('/', documentFiles(world)).route('/', router.routes);
  return { routes, control: shopControlRoutes(world), reset: world.reset };
}
