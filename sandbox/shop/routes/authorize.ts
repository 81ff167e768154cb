import type { Context } from 'hono';
import { Hono } from 'hono';
import type { ShopApp } from '../state/apps.ts';
import type { Seller } from '../state/shops.ts';
import type { Env } from '../wire/serve.ts';
import type { World } from '../world.ts';
import { codePage, consentPage, errorPage } from './consent-page.ts';

const DECISION_PATH = '/open/authorize/decision';

/** services.tiktokshop.com/open/authorize: the page where a seller consents. Where it leads is fixed in Partner Center. */
export function authorizeRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/open/authorize', (c) => {
    const client = world.apps.byService(c.req.query('service_id') ?? '');
    if (!client) return c.html(errorPage('The service does not exist.'), 404);
    const { auto } = world.settings.current.consent;
    const seller = auto ? world.shops.seller(auto.seller) : undefined;
    if (auto && seller) return leave(world, c, client, auto.decision === 'approve' ? seller : null, c.req.query('state'));
    return c.html(consentPage({ client, state: c.req.query('state') ?? null, sellers: world.shops.sellers(), shopsOf: world.shops.of, formAction: DECISION_PATH }));
  });
  app.post(DECISION_PATH, async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const client = world.apps.byService(form.get('service_id') ?? '');
    const seller = world.shops.seller(form.get('seller') ?? '');
    if (!client || !seller) return c.html(errorPage('The service or the seller does not exist.'), 404);
    return leave(world, c, client, form.get('decision') === 'approve' ? seller : null, form.get('state') ?? undefined);
  });
  return app;
}

/** @param seller null: refused */
function leave(world: World, c: Context, client: ShopApp, seller: Seller | null, state: string | undefined): Response | Promise<Response> {
  const code = seller ? world.grants.createCode(client, seller) : 'null';
  const answer = seller ? { code, app_key: client.app_key, locale: 'en', shop_region: seller.region } : { code, error: 'auth_denied' };
  if (client.redirect_url === null) return c.html(codePage(code));
  const target = new URL(client.redirect_url);
  for (const [name, value] of Object.entries({ ...answer, ...(state === undefined ? {} : { state }) })) target.searchParams.set(name, value);
  return c.redirect(target.href, 302);
}
