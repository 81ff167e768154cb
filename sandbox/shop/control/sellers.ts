import { Hono } from 'hono';
import { bodyOf, ControlError } from '../../routes/control-input.ts';
import { tokenData } from '../routes/token.ts';
import { appPatchSchema, appSchema } from '../state/apps.ts';
import type { World } from '../world.ts';
import { appNamed, sellerNamed, shopNamed } from './find.ts';
import { expireSchema, expiringSchema, grantSchema, newShopSchema, revokeSchema, scopesSchema, shopPatchSchema } from './schemas.ts';
import { shopState } from './views.ts';

/** Apps, shops and consents. */
export function sellerControl(world: World): Hono {
  const app = new Hono();
  app.get('/apps', (c) => c.json({ apps: world.apps.all() }));
  app.post('/apps', async (c) => {
    const created = world.apps.put(appSchema.parse(await bodyOf(c)));
    if (!created) throw new ControlError(409, 'There are too many apps.');
    return c.json(created, 201);
  });
  app.patch('/apps/:key', async (c) => {
    const { app_key } = appNamed(world, c.req.param('key'));
    return c.json(world.apps.patch(app_key, appPatchSchema.parse(await bodyOf(c))));
  });

  app.get('/shops', (c) => c.json({ shops: world.shops.all().map(shopState) }));
  app.post('/shops', async (c) => {
    const shop = world.shops.create(newShopSchema.parse(await bodyOf(c)));
    if (!shop) throw new ControlError(409, 'The name is taken, or there are too many shops.');
    return c.json(shopState(shop), 201);
  });
  app.patch('/shops/:id', async (c) => {
    const shop = shopNamed(world, c.req.param('id'));
    shop.active = shopPatchSchema.parse(await bodyOf(c)).active;
    return c.json(shopState(shop));
  });

  /** Consent without the page: tokens as the token host gives them, or a code to exchange there. */
  app.post('/grant', async (c) => {
    const { seller, app_key } = grantSchema.parse(await bodyOf(c));
    return c.json(tokenData(world.grants.issue(appNamed(world, app_key), sellerNamed(world, seller))), 201);
  });
  app.post('/code', async (c) => {
    const { seller, app_key } = grantSchema.parse(await bodyOf(c));
    return c.json({ code: world.grants.createCode(appNamed(world, app_key), sellerNamed(world, seller)) }, 201);
  });

  app.post('/sellers/:seller/expire', async (c) => {
    const { which } = expireSchema.parse(await bodyOf(c));
    const seller = sellerNamed(world, c.req.param('seller'));
    const expire = (kind: 'access' | 'refresh'): number => (which === 'both' || which === kind ? world.grants.expire(seller, kind) : 0);
    return c.json({ access: expire('access'), refresh: expire('refresh') });
  });
  app.post('/sellers/:seller/revoke', async (c) => {
    const { tell } = revokeSchema.parse(await bodyOf(c));
    const seller = sellerNamed(world, c.req.param('seller'));
    const apps = world.grants.revoke(seller);
    if (tell) for (const shop of world.shops.of(seller)) world.webhooks.send(6, shop, { message: 'The seller has removed the authorization of the app.' }, apps);
    return c.json({ apps });
  });
  app.post('/sellers/:seller/scopes', async (c) => {
    const { strip, restore } = scopesSchema.parse(await bodyOf(c));
    const all = world.apps.all().flatMap(({ scopes }) => scopes);
    const changed = world.grants.setScopes(sellerNamed(world, c.req.param('seller')), (scopes) => (restore ? [...new Set(all)] : scopes.filter((scope) => !strip.some((each) => each === scope))));
    return c.json({ changed });
  });
  app.post('/sellers/:seller/expiring', async (c) => {
    const { expires_in_s } = expiringSchema.parse(await bodyOf(c));
    const expiration_time = String(Math.floor(world.clock.now() / 1_000) + expires_in_s);
    const message = 'The authorization of the app is about to expire.';
    const sent = world.shops.of(sellerNamed(world, c.req.param('seller'))).flatMap((shop) => world.webhooks.send(7, shop, { message, expiration_time }));
    return c.json({ deliveries: sent });
  });
  return app;
}
