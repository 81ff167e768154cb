import { Hono } from 'hono';
import { z } from 'zod';
import { ordersOf } from '../fulfilment/arrange.ts';
import { pdfOf } from '../fulfilment/pdf.ts';
import { hasOpenAfterSale } from '../fulfilment/refusals.ts';
import type { Package } from '../fulfilment/types.ts';
import type { Shop } from '../state/shops.ts';
import { ShopFault } from '../wire/answers.ts';
import type { Router } from '../wire/router.ts';
import type { Env } from '../wire/serve.ts';
import type { World } from '../world.ts';
import { packageNamed } from './packages.ts';

const querySchema = z.object({
  document_type: z.enum(['SHIPPING_LABEL', 'PACKING_SLIP', 'SHIPPING_LABEL_AND_PACKING_SLIP', 'SHIPPING_LABEL_PICTURE', 'HAZMAT_LABEL', 'INVOICE_LABEL']),
  document_size: z.string().default('A6'),
  document_format: z.enum(['PDF', 'ZPL']).default('PDF'),
});

/** Labels: an address is given once TikTok's carrier knows of the package, and until it has it. */
export function documentRoutes(world: World, { add }: Router): void {
  add('GET', '/fulfillment/202309/packages/{package_id}/shipping_documents', ['seller.fulfillment.basic'], ({ shop, param, query, origin }) => {
    const { document_type, document_size } = query(querySchema);
    const pkg = packageNamed(shop, param('package_id'), 21011028);
    demandDocument(world, shop, pkg);
    const name = world.documents.put(labelOf(shop, pkg, document_type, document_size), world.settings.current.shipping.document_lifetime_ms);
    return { doc_url: `${origin}/shop-documents/${name}`, tracking_number: pkg.tracking_number };
  });
}

function demandDocument(world: World, shop: Shop, pkg: Package): void {
  const orders = ordersOf(shop, pkg);
  if (orders.some(({ fulfillment_type }) => fulfillment_type !== 'FULFILLMENT_BY_SELLER')) throw new ShopFault(21008043, 'The package is fulfilled by TikTok.');
  if (pkg.shipping_type === 'SELLER') throw new ShopFault(21008017, 'The package is shipped by the seller: there is no document.');
  if (pkg.status === 'CANCELLED') throw new ShopFault(21023059, 'The package is cancelled.');
  if (pkg.status === 'TO_FULFILL') throw new ShopFault(21042104, 'Ship the package first.');
  if (pkg.status === 'FULFILLING') throw new ShopFault(21042102, 'The package is picked up already.');
  if (pkg.status === 'COMPLETED') throw new ShopFault(21023046, 'The package is shipped already.');
  if (orders.some((order) => hasOpenAfterSale(shop, order))) throw new ShopFault(21021010, 'The order has an after-sale request that is not settled.');
  if ((pkg.shipped_ms ?? 0) + world.settings.current.shipping.label_ms > world.clock.now()) throw new ShopFault(11034023, 'The document is still being generated. Please try again later.');
}

function labelOf(shop: Shop, pkg: Package, type: string, size: string): string[] {
  const orders = ordersOf(shop, pkg);
  const to = orders[0]?.buyer;
  return [
    type.replaceAll('_', ' '),
    `${size} - TikTok Shop sandbox`,
    `Tracking: ${pkg.tracking_number}`,
    `Carrier: ${pkg.provider?.name ?? ''}`,
    `Package: ${pkg.id}`,
    ...orders.map(({ id }) => `Order: ${id}`),
    `From: ${shop.name}`,
    `To: ${to?.name ?? ''}`,
    to?.line ?? '',
    ...orders.flatMap(({ lines }) => lines.filter(({ package_id }) => package_id === pkg.id).map(({ seller_sku, product_name }) => `1 x ${seller_sku} ${product_name}`)).slice(0, 12),
  ];
}

/** What `doc_url` leads to: unsigned, and without a token. */
export function documentFiles(world: World): Hono<Env> {
  return new Hono<Env>().get('/shop-documents/:name', (c) => {
    const lines = world.documents.get(c.req.param('name'));
    if (!lines) return c.text('The document has expired.', 404);
    return c.body(new Uint8Array(pdfOf(lines)), 200, { 'content-type': 'application/pdf', 'content-disposition': 'inline; filename="document.pdf"' });
  });
}
