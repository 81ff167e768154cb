import type { Order } from '../orders/types.ts';
import type { Shop } from '../state/shops.ts';

/** Where the seller's own shipping goes by Mark Package As Shipped; elsewhere it answers 21008106. */
const MARK_MARKETS = new Set(['US', 'GB', 'ES', 'IE', 'IT', 'DE', 'FR', 'JP']);
/** Split by single units; elsewhere by whole SKUs. */
const UNIT_SPLIT_MARKETS = new Set(['US', 'GB', 'ES', 'IE', 'IT', 'DE', 'FR', 'JP']);
const REMORSE_MARKETS = new Set(['US', 'GB']);

export const mayMarkShipped = (shop: Shop): boolean => MARK_MARKETS.has(shop.region);
export const splitsByUnit = (shop: Shop): boolean => UNIT_SPLIT_MARKETS.has(shop.region);
export const hasRemorsePeriod = (shop: Shop): boolean => REMORSE_MARKETS.has(shop.region);
/** Where the seller marks packages as shipped there is none before that. */
export const packageFromPayment = (shop: Shop, order: Order): boolean => order.shipping_type === 'TIKTOK' || !mayMarkShipped(shop);
