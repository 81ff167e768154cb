import type { ShopProduct } from '../contracts/shop-api.ts';
import type { ProductChange } from '../contracts/shop-message.ts';

/** A product as it is stored; null: never seen. */
export type StoredProduct = {
  data: ShopProduct;
  /** '': its row was made just now. */
  fingerprint: string;
  update_time_ms: number | null;
  /** When TikTok was asked for what is stored. */
  seen_ms: number;
  is_removed: boolean;
} | null;

/** A product as TikTok gave it, asked at `seen_ms`. */
export interface SeenProduct {
  product: ShopProduct;
  fingerprint: string;
  seen_ms: number;
}

export interface ProductDecision {
  /** What the row holds from now on; null: it stays, what came is older. */
  data: ShopProduct | null;
  is_removed: boolean;
  /** What other systems are told; null: nothing that they know of has changed. */
  change: ProductChange | null;
}

/** TikTok keeps deleted products in its lists for a while. */
const isDeleted = ({ status }: ShopProduct): boolean => status === 'DELETED';

/** Answers overtake each other: of two states the one that TikTok changed later counts, and in the same second the one asked for later. */
export function isStale(stored: StoredProduct, { product, seen_ms }: SeenProduct): boolean {
  if (stored === null || stored.fingerprint === '') return false;
  const [before, now] = [stored.update_time_ms, product.update_time_ms];
  if (before !== null && now !== null && before !== now) return now < before;
  return seen_ms < stored.seen_ms;
}

/** A search gives no description, pictures and attributes: what a detail gave stays. */
export function mergeProduct(stored: ShopProduct | null, seen: ShopProduct): ShopProduct {
  if (seen.detailed || stored === null || !stored.detailed) return seen;
  const attributes = new Map(stored.skus.map((sku) => [sku.id, sku.attributes]));
  return {
    ...seen,
    description: stored.description,
    image_urls: stored.image_urls,
    skus: seen.skus.map((sku) => ({ ...sku, attributes: attributes.get(sku.id) ?? sku.attributes })),
    detailed: true,
  };
}

/** What becomes of a product's row, and what other systems are told. */
export function decideProduct(stored: StoredProduct, seen: SeenProduct): ProductDecision {
  if (isStale(stored, seen)) return { data: null, is_removed: stored?.is_removed ?? false, change: null };
  const isNew = stored === null || stored.fingerprint === '';
  const data = mergeProduct(isNew ? null : stored.data, seen.product);
  return { data, is_removed: isDeleted(seen.product), change: changeOf(isNew ? null : stored, seen) };
}

function changeOf(stored: StoredProduct, { product, fingerprint }: SeenProduct): ProductChange | null {
  const isKnown = stored !== null && !stored.is_removed;
  if (isDeleted(product)) return isKnown ? 'removed' : null;
  if (!isKnown) return 'created';
  if (stored.fingerprint === fingerprint) return null;
  return stored.data.status === product.status ? 'updated' : 'status';
}
