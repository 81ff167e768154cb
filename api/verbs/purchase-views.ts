import type { PurchaseRow } from '../../db/purchase.repository.ts';
import { flagOf, textOf, timeOf } from './views.ts';

/** `Purchase` of the contract. */
export const purchaseView = (row: PurchaseRow) => ({
  id: row.id,
  store: row.store,
  product_id: row.product_id,
  coins: textOf(row.coins ?? 0),
  refunded_coins: textOf(row.taken_back),
  status: row.status,
  reason_code: row.status_code ?? '',
  reason: row.status_reason ?? '',
  test: flagOf(row.is_test),
  created: timeOf(row.created_at),
  granted: timeOf(row.granted_at),
});

export const EXAMPLE_PURCHASE: ReturnType<typeof purchaseView> = {
  id: '0190a1b2-0000-7000-8000-0000000000c1',
  store: 'google',
  product_id: 'coins_550',
  coins: '550',
  refunded_coins: '0',
  status: 'granted',
  reason_code: '',
  reason: '',
  test: '0',
  created: '2026-03-14 18:00:00',
  granted: '2026-03-14 18:00:01',
};
