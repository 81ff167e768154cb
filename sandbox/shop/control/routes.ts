import { Hono } from 'hono';
import { answerControlError, bodyOf } from '../../routes/control-input.ts';
import { faultSchema } from '../state/faults.ts';
import { settingsPatchSchema } from '../state/settings.ts';
import type { World } from '../world.ts';
import { buyControl } from './buy.ts';
import { orderControl } from './orders.ts';
import { productControl } from './products.ts';
import { clockSchema } from './schemas.ts';
import { sellerControl } from './sellers.ts';
import { shopState } from './views.ts';
import { webhookControl } from './webhooks.ts';

/** `/control/shop/…`: what tests and people cause in the place of TikTok, of sellers and of buyers. docs/sandbox.md describes it. */
export function shopControlRoutes(world: World): Hono {
  const app = new Hono();
  app.onError(answerControlError);

  app.get('/settings', (c) => c.json(world.settings.current));
  app.patch('/settings', async (c) => {
    const patch = settingsPatchSchema.parse(await bodyOf(c));
    const settings = world.settings.patch(patch);
    if (patch.webhooks?.seed !== undefined) world.webhooks.reseed();
    if (!settings.webhooks.paused) world.webhooks.resume();
    return c.json(settings);
  });

  const clockState = () => ({ now_ms: world.clock.now(), offset_ms: world.clock.offsetMs });
  app.get('/clock', (c) => c.json(clockState()));
  app.post('/clock', async (c) => {
    const { offset_ms, advance_ms = 0 } = clockSchema.parse(await bodyOf(c));
    world.clock.setOffset(offset_ms ?? world.clock.offsetMs + advance_ms);
    return c.json(clockState());
  });

  app.get('/faults', (c) => c.json({ faults: world.faults.all() }));
  app.post('/faults', async (c) => c.json(world.faults.add(faultSchema.parse(await bodyOf(c))), 201));
  app.delete('/faults', (c) => {
    world.faults.reset();
    return c.json({ faults: [] });
  });
  app.post('/page-tokens/expire', (c) => c.json({ expired: world.pageTokens.expireAll() }));

  app.get('/counts', (c) => c.json({ calls: world.journal.counts() }));
  app.get('/calls', (c) => {
    const { path, shop_id } = c.req.query();
    return c.json({ calls: world.journal.calls().filter((call) => (!path || call.path === path) && (!shop_id || call.shop_id === shop_id)) });
  });
  app.post('/reset', (c) => {
    world.reset();
    return c.json({ shops: world.shops.all().map(shopState) });
  });

  for (const part of [sellerControl, productControl, orderControl, buyControl, webhookControl]) app.route('/', part(world));
  return app;
}
