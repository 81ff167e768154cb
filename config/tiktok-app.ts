import { SANDBOX_APP, SANDBOX_SHOP_APP } from '../domain/sandbox-app.ts';
import type { Env } from './env.ts';

/** Our app at TikTok. */
export interface TikTokApp {
  client_key: string;
  client_secret: string;
}

/** As the environment names it; the sandbox's own where that is TikTok; null: there is none, and nothing can be connected. */
export function tiktokApp(env: Env): TikTokApp | null {
  const { TIKTOK_CLIENT_KEY: client_key, TIKTOK_CLIENT_SECRET: client_secret } = env;
  if (client_key && client_secret) return { client_key, client_secret };
  return env.TIKTOK_ENV === 'sandbox' ? SANDBOX_APP : null;
}

/** Our app in TikTok Shop's Partner Center. */
export interface TikTokShopApp {
  app_key: string;
  app_secret: string;
  /** null: it is not known, and nobody can be led to the consent page. */
  service_id: string | null;
}

/** As the environment names it; the sandbox's own where that is TikTok; null: there is none, and no shop can be connected. */
export function tiktokShopApp(env: Env): TikTokShopApp | null {
  const { TIKTOK_SHOP_APP_KEY: app_key, TIKTOK_SHOP_APP_SECRET: app_secret, TIKTOK_SHOP_SERVICE_ID: service_id } = env;
  if (app_key && app_secret) return { app_key, app_secret, service_id: service_id ?? null };
  return env.TIKTOK_ENV === 'sandbox' ? SANDBOX_SHOP_APP : null;
}
