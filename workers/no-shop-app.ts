import type { ShopFailure } from '../domain/contracts/shop-api.ts';
import { ERRORS } from '../domain/errors.ts';
import type { ShopClient } from '../tiktok/shop/index.ts';

const MISSING: ShopFailure = {
  ok: false,
  code: 'shop_app_missing',
  reason: ERRORS.shop_app_missing.message,
  tiktok_code: null,
  definite: true,
  retry: 'never',
  retry_after_ms: null,
};

/** Where no TikTok Shop app is configured every call says so; the worker runs all the same. */
export const createMissingShopClient = (): ShopClient =>
  new Proxy({} as ShopClient, { get: (_, name) => (name === 'then' ? undefined : name === 'close' ? () => Promise.resolve() : () => Promise.resolve(MISSING)) });
