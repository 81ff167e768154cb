import type { Shop } from '../state/shops.ts';
import type { World } from '../world.ts';
import type { Product, ProductStatus } from './types.ts';

export function touchProduct(world: World, shop: Shop, product: Product): void {
  product.update_ms = Math.max(world.clock.now(), product.update_ms);
  shop.version += 1;
}

const secondsOf = (ms: number): number => Math.floor(ms / 1_000);

/** Webhook 5, whose sample has the product's id as a bare number. */
function tellStatus(world: World, shop: Shop, product: Product, status: 'PRODUCT_FIRST_PASS_REVIEW' | 'PRODUCT_STATUS_CHANGED' | 'PRODUCT_AUDIT_FAILURE'): void {
  if (world.muted > 0) return;
  const product_id = world.settings.current.webhooks.numeric_product_id ? BigInt(product.id) : product.id;
  const suspended_reason = product.status === 'PLATFORM_DEACTIVATED' ? 'Suspended by the platform' : '';
  world.webhooks.send(5, shop, { product_id, status, suspended_reason, update_time: secondsOf(product.update_ms) });
}

function tellAudit(world: World, shop: Shop, product: Product): void {
  if (world.muted > 0) return;
  world.webhooks.send(37, shop, {
    product_id: product.id,
    audit: { status: product.audit, pre_approved_reasons: [] },
    integrated_platform_statuses: [{ platform: 'TIKTOK_SHOP', status: product.status }],
    update_time: secondsOf(product.update_ms),
  });
}

export function setProductStatus(world: World, shop: Shop, product: Product, status: ProductStatus): void {
  product.status = status;
  touchProduct(world, shop, product);
  tellStatus(world, shop, product, 'PRODUCT_STATUS_CHANGED');
}

/** What was deactivated goes live again only through an audit. */
export function startAudit(world: World, shop: Shop, product: Product): void {
  product.status = 'PENDING';
  product.audit = 'AUDITING';
  touchProduct(world, shop, product);
  tellStatus(world, shop, product, 'PRODUCT_STATUS_CHANGED');
  const { audit_ms } = world.settings.current.products;
  if (audit_ms !== null) world.clock.at(world.clock.now() + audit_ms, () => endAudit(world, shop, product, world.settings.current.products.audit_result));
}

/** Nothing happens where no audit runs. */
export function endAudit(world: World, shop: Shop, product: Product, result: 'APPROVED' | 'FAILED'): boolean {
  if (product.audit !== 'AUDITING') return false;
  product.audit = result;
  product.status = result === 'APPROVED' ? 'ACTIVATE' : 'FAILED';
  touchProduct(world, shop, product);
  tellStatus(world, shop, product, result === 'APPROVED' ? 'PRODUCT_STATUS_CHANGED' : 'PRODUCT_AUDIT_FAILURE');
  tellAudit(world, shop, product);
  return true;
}
