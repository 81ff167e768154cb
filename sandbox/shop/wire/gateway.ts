import type { ShopScope } from '../state/apps.ts';
import type { Grant, Token } from '../state/grants.ts';
import type { Shop } from '../state/shops.ts';
import type { ShopApp } from '../state/apps.ts';
import type { World } from '../world.ts';
import { badRequest, gatewayFault, ShopFault } from './answers.ts';
import { isSignature, type SignedRequest } from './signature.ts';

export interface RawCall extends SignedRequest {
  method: string;
  token: string | undefined;
}
export interface EndpointRule {
  path: string;
  /** Shop endpoints need shop_cipher, seller endpoints refuse it. */
  entity: 'shop' | 'seller';
  /** One of them is enough. */
  scopes: readonly ShopScope[];
}
export interface Admitted {
  app: ShopApp;
  grant: Grant;
  /** null: a seller endpoint. */
  shop: Shop | null;
}

/**
 * TikTok's order, as far as it was seen: path and method came before; then app_key, presence of sign, timestamp, signature, token, its expiry,
 * scope, cipher, rate. @throws ShopFault
 */
export function admit(world: World, rule: EndpointRule, call: RawCall): Admitted {
  const app = world.apps.byKey(call.query.get('app_key') ?? '');
  if (!app) throw badRequest("Invalid app_key. The 'app_key' query parameter is missing or unknown.");
  demandSignature(world, app, call);
  const { grant } = demandToken(world, app, call.token);
  demandScope(world, app, grant, rule.scopes);
  const shop = shopOf(world, rule, call, grant);
  demandRate(world, `${app.app_key}|${shop?.id ?? grant.seller.open_id}|${call.method} ${rule.path}`);
  return { app, grant, shop };
}

function demandSignature(world: World, app: ShopApp, call: RawCall): void {
  const sign = call.query.get('sign');
  if (!sign) throw badRequest("Missing credentials. The 'sign' query parameter, the signature of the request, is required.", 401);
  demandTimestamp(world, call.query.get('timestamp'));
  if (!isSignature(sign, app.app_secret, call)) throw gatewayFault(106001, 401, "The 'sign' query parameter is invalid: the signature does not match the request.");
}

function demandTimestamp(world: World, given: string | null): void {
  if (given === null) throw badRequest('Timestamp is a required field and has not been provided.');
  const timestamp = Number(given);
  if (!/^-?\d+$/.test(given) || timestamp < 0) throw badRequest("The 'timestamp' query parameter is invalid: it is lesser than 0 or not a number.");
  const now = Math.floor(world.clock.now() / 1_000);
  const { max_age_s, max_ahead_s } = world.settings.current.gateway;
  if (timestamp < now - max_age_s) throw badRequest("The 'timestamp' query parameter is invalid: it is earlier than 5 minutes before the current time.");
  if (timestamp > now + max_ahead_s) throw badRequest("The 'timestamp' query parameter is invalid: it is more than 30 seconds after the current time.");
}

function demandToken(world: World, app: ShopApp, value: string | undefined): Token {
  const token = value ? world.grants.access(value) : undefined;
  if (!token || token.dead || token.grant.revoked || token.grant.app_key !== app.app_key) {
    throw badRequest("The 'access_token' in the 'x-tts-access-token' header is invalid.", 401);
  }
  if (token.expires_ms <= world.clock.now()) {
    throw gatewayFault(105002, world.settings.current.gateway.expired_status, "Expired credentials. The 'access_token' has expired. Please refresh it.");
  }
  return token;
}

function demandScope(world: World, app: ShopApp, grant: Grant, anyOf: readonly ShopScope[]): void {
  if (anyOf.some((scope) => grant.scopes.includes(scope) && app.scopes.includes(scope))) return;
  throw gatewayFault(105005, world.settings.current.gateway.scope_status, 'Access denied. The app or the seller has not granted the scope that this API needs.');
}

function shopOf(world: World, { entity }: EndpointRule, { query }: RawCall, grant: Grant): Shop | null {
  const cipher = query.get('shop_cipher');
  if (entity === 'seller') {
    if (cipher !== null) throw badRequest("The 'shop_cipher' query parameter is not required for this API.");
    return null;
  }
  if (!cipher) throw gatewayFault(106013, 400, "The 'shop_cipher' query parameter is missing.");
  const shop = world.shops.byCipher(cipher);
  if (!shop) throw gatewayFault(106011, 400, "The 'shop_cipher' query parameter is invalid.");
  if (shop.seller !== grant.seller) throw gatewayFault(101000, 401, 'The access token and the shop_cipher do not belong together.');
  if (!shop.active) throw gatewayFault(36009043, 401, 'The shop is inactive.');
  return shop;
}

function demandRate(world: World, key: string): void {
  const { per_second, retry_after_s } = world.settings.current.limits;
  if (per_second === null || world.limiter.admit(key, per_second)) return;
  throw new ShopFault(36009002, 'Too many requests. Please try again later.', 429, retry_after_s === null ? {} : { 'retry-after': String(retry_after_s) });
}
