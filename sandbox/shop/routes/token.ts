import type { Context } from 'hono';
import { Hono } from 'hono';
import type { Json } from '../../open-api/wire/json.ts';
import type { ShopApp } from '../state/apps.ts';
import type { Pair } from '../state/grants.ts';
import { answerOf, ShopFault } from '../wire/answers.ts';
import type { ShopPath } from '../wire/paths.ts';
import { serve, type Env } from '../wire/serve.ts';
import type { World } from '../world.ts';

type Query = Record<string, string>;

/** The token host: unsigned GETs with the secret in the query, judged by `code` alone. */
export function tokenRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  const endpoint = (path: ShopPath, grantType: string, handle: (app: ShopApp, query: Query) => Pair): void => {
    app.get(path, (c: Context<Env>) => {
      const query = c.req.query();
      const act = () => answerOf(world.clock.now, () => tokenData(handle(demandApp(world, query, grantType), query)));
      return serve(world, c, { path, method: 'GET', shop_id: null, app_key: query['app_key'] ?? null, act });
    });
  };

  endpoint('/api/v2/token/get', 'authorized_code', (client, query) => {
    const pair = world.grants.exchange(client, required(world, query, 'auth_code'));
    if (!pair) throw refusal(world, 36004004, 'Authorization code is invalid, was used or has expired.');
    return pair;
  });
  endpoint('/api/v2/token/refresh', 'refresh_token', (client, query) => {
    const outcome = world.grants.refresh(client, required(world, query, 'refresh_token'));
    if (outcome === 'unknown') throw refusal(world, 36004005, 'No matching authorization record was found.');
    if (outcome === 'expired') throw refusal(world, 36004001, 'The refresh token has expired.');
    return outcome;
  });
  return app;
}

const refusal = (world: World, code: number, message: string): ShopFault => new ShopFault(code, message, world.settings.current.tokens.error_status);

function required(world: World, query: Query, name: string): string {
  const value = query[name];
  if (!value) throw refusal(world, 98001004, `Parameter invalid: ${name} is missing.`);
  return value;
}

function demandApp(world: World, query: Query, grantType: string): ShopApp {
  const app = world.apps.byKey(required(world, query, 'app_key'));
  if (!app) throw refusal(world, 98001004, 'Parameter invalid: app_key is unknown.');
  if (required(world, query, 'app_secret') !== app.app_secret) throw refusal(world, 98001004, 'Parameter invalid: app_secret does not match.');
  if (required(world, query, 'grant_type') !== grantType) throw refusal(world, 98001004, `Parameter invalid: grant_type must be ${grantType}.`);
  return app;
}

/** Both *_expire_in are epochs in seconds, not durations. */
export const tokenData = ({ access, refresh }: Pair): Json & object => ({
  access_token: access.value,
  access_token_expire_in: Math.floor(access.expires_ms / 1_000),
  refresh_token: refresh.value,
  refresh_token_expire_in: Math.floor(refresh.expires_ms / 1_000),
  open_id: access.grant.seller.open_id,
  seller_name: access.grant.seller.name,
  seller_base_region: access.grant.seller.region,
  user_type: 0,
  granted_scopes: access.grant.scopes,
});
