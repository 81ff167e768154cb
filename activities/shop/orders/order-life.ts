import type { Db } from '../../../db/client.ts';
import { listAfterSales } from '../../../db/order-parts.repository.ts';
import type { OrderRow } from '../../../db/order.repository.ts';
import type { OrderLife } from '../../../domain/contracts/shop-order.ts';
import { isOpenAfterSale } from '../../../domain/shop/after-sale.ts';
import { isFinalStatus, isToShip } from '../../../domain/shop/order-status.ts';
import { isShippedByTikTok } from '../../../domain/shop/reservation-plan.ts';

/** What the workflow has to know of a stored order. */
export async function readLife(db: Db, row: OrderRow): Promise<OrderLife> {
  const afterSales = await listAfterSales(db, row.channel_id, row.order_id);
  const shipsBySeller = isToShip(row.status) && !isShippedByTikTok(row.data);
  return {
    status: row.status,
    is_final: isFinalStatus(row.status),
    ship_by_ms: shipsBySeller ? (row.ship_by?.getTime() ?? null) : null,
    is_short: row.is_short,
    open_after_sales: afterSales.filter(({ status }) => isOpenAfterSale(status)).length,
  };
}
