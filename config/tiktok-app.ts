import { SANDBOX_APP } from '../domain/sandbox-app.ts';
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
