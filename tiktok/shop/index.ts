import { DEFAULT_PACE, type PaceLimits } from '../../domain/shop/pacing.ts';
import { createCaller } from './caller.ts';
import type { ShopApp, ShopClient } from './client.ts';
import { createShopClock } from './clock.ts';
import { downloadDocument } from './download.ts';
import { createLimiter } from './limiter.ts';
import { createOrderCalls } from './order-calls.ts';
import { createProductCalls } from './product-calls.ts';
import { createSellerCalls } from './seller-calls.ts';
import { createShippingCalls } from './shipping-calls.ts';
import { createSplittingCalls } from './splitting-calls.ts';
import { createTokenCalls } from './token-calls.ts';
import { createTransport } from './transport.ts';

export type { SellerAccess, ShipInput, ShopAccess, ShopApp, ShopClient } from './client.ts';
export { isSignedWebhook, signWebhook } from './webhook-signature.ts';

export interface ShopClientOptions {
  /** https://open-api.tiktokglobalshop.com, or another server at the root of its host: signatures cover the path. */
  apiUrl: string;
  /** https://auth.tiktok-shops.com, or another server's base URL. */
  authUrl: string;
  app: ShopApp;
  /** For each request from connecting to the answer's last byte. Default 30,000. */
  timeoutMs?: number;
  /** How fast one shop is called. */
  pace?: PaceLimits;
  /** How many calls of one shop may wait for their turn, and for how long. Default 500 and 30,000. */
  maxWaiting?: number;
  maxWaitMs?: number;
  /** Epoch milliseconds. */
  now?: () => number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_WAITING = 500;
const DEFAULT_MAX_WAIT_MS = 30_000;

/** A client of TikTok Shop; it holds connections open until `close`. @throws RangeError where apiUrl has a path */
export function createShopClient(options: ShopClientOptions): ShopClient {
  const { app, timeoutMs = DEFAULT_TIMEOUT_MS, pace = DEFAULT_PACE, maxWaiting = DEFAULT_MAX_WAITING, maxWaitMs = DEFAULT_MAX_WAIT_MS, now = Date.now } = options;
  const apiUrl = new URL(options.apiUrl);
  if (apiUrl.pathname !== '/' || apiUrl.search !== '') throw new RangeError('TikTok Shop signs the path of a request: its API has to stand at the root of a host (TIKTOK_SHOP_API_URL).');
  const transport = createTransport(timeoutMs);
  const limiter = createLimiter({ pace, maxWaiting, maxWaitMs, now, random: Math.random });
  let isClosed = false;
  const call = createCaller({ baseUrl: apiUrl.origin, app, transport, limiter, clock: createShopClock(now), now, isClosed: () => isClosed });
  return {
    ...createTokenCalls(transport, options.authUrl.replace(/\/+$/, ''), app),
    ...createSellerCalls(call),
    ...createProductCalls(call),
    ...createOrderCalls(call),
    ...createShippingCalls(call),
    ...createSplittingCalls(call),
    downloadDocument: (document, signal) => downloadDocument(transport, apiUrl, document, signal),
    async close() {
      isClosed = true;
      limiter.close();
      await transport.close();
    },
  };
}
