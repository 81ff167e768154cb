import type { Caller } from './caller.ts';
import type { ShopClient } from './client.ts';
import { valueOf } from './results.ts';
import { activeShopsSchema, authorizedShopsSchema, webhooksSchema } from './schemas/authorization.ts';
import { nothingSchema } from './schemas/common.ts';

type SellerCalls = Pick<ShopClient, 'authorizedShops' | 'activeShops' | 'webhooks' | 'subscribeWebhook' | 'unsubscribeWebhook'>;

const WEBHOOKS = '/event/202309/webhooks';

/** What a seller has authorized (these refuse a cipher), and what its shops tell us of. */
export function createSellerCalls(call: Caller): SellerCalls {
  return {
    authorizedShops: ({ access_token }, signal) => valueOf(call({ access_token }, { method: 'GET', path: '/authorization/202309/shops', schema: authorizedShopsSchema, signal })),
    activeShops: ({ access_token }, signal) => valueOf(call({ access_token }, { method: 'GET', path: '/seller/202309/shops', schema: activeShopsSchema, signal })),
    webhooks: (shop, signal) => valueOf(call(shop, { method: 'GET', path: WEBHOOKS, schema: webhooksSchema, signal })),
    subscribeWebhook: (shop, { address, event_type }, signal) => valueOf(call(shop, { method: 'PUT', path: WEBHOOKS, json: { address, event_type }, schema: nothingSchema, signal })),
    unsubscribeWebhook: (shop, event_type, signal) => valueOf(call(shop, { method: 'DELETE', path: WEBHOOKS, json: { event_type }, schema: nothingSchema, signal })),
  };
}
