import { createHash } from 'node:crypto';
import type { Db } from '../../../db/client.ts';
import { newId } from '../../../db/ids.ts';
import { storeProducts, type ProductChannel } from '../../../db/product.repository.ts';
import type { StockChange } from '../../../db/product-sku.repository.ts';
import { setAside } from '../../../db/shop-set-aside.repository.ts';
import type { ShopProduct, Unreadable } from '../../../domain/contracts/shop-api.ts';
import type { InventoryEvent } from '../../../domain/contracts/shop-event.ts';
import type { ProductChange } from '../../../domain/contracts/shop-message.ts';
import type { ErrorCode } from '../../../domain/errors.ts';
import type { SeenProduct } from '../../../domain/shop/product-change.ts';
import { canonicalProduct } from '../../../domain/shop/product-content.ts';
import { stockChangeOf } from '../../../domain/shop/stock-change.ts';
import type { ErrorLog } from '../../live/log.ts';
import type { AppendedEvents, ShopEventWriter } from '../shop-events.ts';

/** The channel, and how its shop is called where people read of its stock. */
export interface IntakeChannel extends ProductChannel {
  name: string;
}

export interface ProductFault {
  product_id: string;
  code: ErrorCode;
  reason: string;
}

export interface TakenProducts {
  changes: { product_id: string; change: ProductChange; update_time_ms: number | null }[];
  /** Set aside. */
  failed: ProductFault[];
}

export interface ProductIntakeDeps {
  db: Db;
  events: ShopEventWriter;
  /** Whether anybody takes messages. */
  publishes: boolean;
  logger: ErrorLog;
}

export interface ProductIntake {
  /**
   * Stores products as TikTok gave them, a page in one transaction; taken twice they change nothing. One that can't be stored is set aside and
   * holds up no others. @param seen_ms when TikTok was asked: what was asked for later is not overwritten
   * @throws where PostgreSQL is away: nothing is then known of the page, and it is taken again
   */
  take(channel: IntakeChannel, products: readonly ShopProduct[], seen: { seen_ms: number }): Promise<TakenProducts>;
  /** Remembers products that could not even be read. */
  putAside(channelId: string, unreadable: readonly Unreadable[]): Promise<ProductFault[]>;
}

export function createProductIntake({ db, events, publishes, logger }: ProductIntakeDeps): ProductIntake {
  async function store(channel: IntakeChannel, seen: readonly SeenProduct[]): Promise<TakenProducts> {
    const now = new Date();
    let appended: AppendedEvents | null = null;
    const { changes } = await storeProducts(db, channel, seen, {
      publishes,
      now,
      async finally(trx, { stock }) {
        const told = stock.flatMap((change) => toEvent(channel, change, now));
        appended = told.length === 0 ? null : await events.append(trx, told);
      },
    });
    events.committed(appended);
    const times = new Map(seen.map(({ product }) => [product.id, product.update_time_ms]));
    return { changes: changes.map((change) => ({ ...change, update_time_ms: times.get(change.product_id) ?? null })), failed: [] };
  }

  async function storeOne(channel: IntakeChannel, seen: SeenProduct): Promise<TakenProducts> {
    try {
      return await store(channel, [seen]);
    } catch (error) {
      if (!isOfTheProduct(error)) throw error;
      const fault: ProductFault = { product_id: seen.product.id, code: 'shop_product_unstorable', reason: (error as Error).message.replaceAll('\0', '\ufffd').slice(0, 500) };
      logger.error({ err: error, channel_id: channel.channel_id, product_id: fault.product_id }, 'a product could not be stored and is set aside');
      await setAside(db, channel.channel_id, 'product', [{ id: fault.product_id, code: fault.code, reason: fault.reason }]);
      return { changes: [], failed: [fault] };
    }
  }

  return {
    async take(channel, products, { seen_ms }) {
      const page = newestOfEach(products).map((product): SeenProduct => ({ product, fingerprint: fingerprintOf(product), seen_ms }));
      if (page.length === 0) return { changes: [], failed: [] };
      try {
        return await store(channel, page);
      } catch (error) {
        if (!isOfTheProduct(error)) throw error;
      }
      const taken: TakenProducts = { changes: [], failed: [] };
      for (const seen of page) {
        const { changes, failed } = await storeOne(channel, seen);
        taken.changes.push(...changes);
        taken.failed.push(...failed);
      }
      return taken;
    },
    async putAside(channelId, unreadable) {
      const faults = unreadable.map(({ id, reason }): ProductFault => ({ product_id: id ?? '', code: 'tiktok_bad_response', reason: reason.replaceAll('\0', '\ufffd').slice(0, 500) }));
      await setAside(db, channelId, 'product', faults.map(({ product_id, code, reason }) => ({ id: product_id, code, reason })));
      return faults;
    },
  };
}

const fingerprintOf = (product: ShopProduct): string => createHash('sha256').update(canonicalProduct(product)).digest('hex');

/** A list that goes on while products change can name one twice. */
function newestOfEach(products: readonly ShopProduct[]): ShopProduct[] {
  const newest = new Map<string, ShopProduct>();
  for (const product of products) {
    const other = newest.get(product.id);
    if (other === undefined || (product.update_time_ms ?? 0) >= (other.update_time_ms ?? 0)) newest.set(product.id, product);
  }
  return [...newest.values()];
}

function toEvent({ workspace_id, channel_id, name }: IntakeChannel, stock: StockChange, now: Date): InventoryEvent[] {
  const change = stockChangeOf(stock.previous_available, stock.available);
  if (change === null) return [];
  const at = now.toISOString();
  return [{ id: newId(), type: 'inventory', change, workspace_id, channel_id, shop_name: name, occurred_at: at, received_at: at, is_history: false, ...stock }];
}

/** PostgreSQL refuses these values, or our own code stumbles over them: waiting does not help. Anything else is PostgreSQL's own trouble. */
function isOfTheProduct(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return /^(2[123]|54)[0-9A-Z]{3}$/.test(code);
  return error instanceof TypeError || error instanceof RangeError;
}
