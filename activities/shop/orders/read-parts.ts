import type { Db } from '../../../db/client.ts';
import { listAfterSales, listPackages, type AfterSale } from '../../../db/order-parts.repository.ts';
import type { OrderRow } from '../../../db/order.repository.ts';
import type { Page, ShopPackage, ShopResult } from '../../../domain/contracts/shop-api.ts';
import type { OrderChanged, OrderNews } from '../../../domain/contracts/shop-order.ts';
import { isOpenAfterSale } from '../../../domain/shop/after-sale.ts';
import { hasNews } from '../../../domain/shop/order-waiting.ts';
import type { ShopAccess, ShopClient } from '../../../tiktok/shop/index.ts';
import type { ShopCalls } from '../shop-calls.ts';
import { storable } from './storable.ts';
import type { OrderParts } from './store-parts.ts';

/** Which of an order's parts TikTok has to be asked for: those of the news, and those that the order itself shows to have changed. */
export async function partsToRead(db: Db, row: OrderRow, waiting: readonly OrderChanged[]): Promise<Set<Exclude<OrderNews, 'order'>>> {
  const [packages, afterSales] = await Promise.all([listPackages(db, row.channel_id, row.order_id), listAfterSales(db, row.channel_id, row.order_id)]);
  const wanted = new Set<Exclude<OrderNews, 'order'>>();
  const stored = new Map(packages.map((one) => [one.package_id, one]));
  const isStale = row.data.line_items.some(({ package_id, package_status, tracking_number }) => {
    const one = package_id === null ? undefined : stored.get(package_id);
    return one !== undefined && ((package_status !== null && package_status !== 'TO_FULFILL' && package_status !== one.status) || (tracking_number !== null && tracking_number !== one.tracking_number));
  });
  if (hasNews(waiting, 'package') || isStale || row.data.package_ids.some((id) => !stored.has(id))) wanted.add('package');
  const open = (kind: 'cancellation' | 'return'): boolean => afterSales.some((one) => one.kind === kind && isOpenAfterSale(one.status));
  const isCancelled = row.data.line_items.some(({ status }) => status === 'CANCELLED') || row.status === 'CANCELLED';
  const knowsCancelled = afterSales.some(({ kind }) => kind === 'cancellation');
  if (hasNews(waiting, 'cancellation') || row.data.is_buyer_request_cancel || open('cancellation') || (isCancelled && !knowsCancelled && row.status !== 'CANCELLED')) wanted.add('cancellation');
  if (hasNews(waiting, 'return') || open('return')) wanted.add('return');
  return wanted;
}

/** Asks TikTok for them, one call after the other. */
export async function readParts(
  calls: Pick<ShopCalls, 'withShop'>,
  tiktok: Pick<ShopClient, 'package' | 'searchCancellations' | 'searchReturns'>,
  row: OrderRow,
  wanted: ReadonlySet<Exclude<OrderNews, 'order'>>,
  signal: AbortSignal,
): Promise<ShopResult<OrderParts>> {
  const packages: ShopPackage[] = [];
  const afterSales: AfterSale[] = [];
  const ask = <T>(call: (access: ShopAccess) => Promise<ShopResult<T>>): Promise<ShopResult<T>> => calls.withShop(row.channel_id, { signal }, call);
  for (const id of wanted.has('package') ? row.data.package_ids.slice(0, PACKAGES) : []) {
    const read = await ask((access) => tiktok.package(access, id, signal));
    if (read.ok) packages.push(read.value);
    // It was combined or split since the order was read: the order will name its heirs.
    else if (read.code !== 'shop_order_not_found') return read;
  }
  const search = { order_ids: [row.order_id] };
  if (wanted.has('cancellation')) {
    const read = await all((page_token) => ask((access) => tiktok.searchCancellations(access, { ...search, page_token }, signal)));
    if (!read.ok) return read;
    afterSales.push(...read.value.map((data) => ({ kind: 'cancellation' as const, data })));
  }
  if (wanted.has('return')) {
    const read = await all((page_token) => ask((access) => tiktok.searchReturns(access, { ...search, page_token }, signal)));
    if (!read.ok) return read;
    afterSales.push(...read.value.map((data) => ({ kind: 'return' as const, data })));
  }
  return { ok: true, value: storable({ packages, afterSales }) };
}

/** More than an order has units is more than it has packages. */
const PACKAGES = 200;
const PAGES = 20;

async function all<T>(page: (token: string | null) => Promise<ShopResult<Page<T>>>): Promise<ShopResult<T[]>> {
  const items: T[] = [];
  let token: string | null = null;
  for (let count = 0; count < PAGES; count += 1) {
    const read: ShopResult<Page<T>> = await page(token);
    if (!read.ok) return read;
    items.push(...read.value.items);
    token = read.value.next_page_token;
    if (token === null) break;
  }
  return { ok: true, value: items };
}
