import { findPackageOfProduct, openPurchase, type PurchaseRow } from '../db/purchase.repository.ts';
import { ApiError } from './errors.ts';
import type { VerbCall } from './verbs/verb.ts';
import type { Receipt } from '../social/stores/stores.ts';

/**
 * Keeps a receipt and has it verified. What can be told without asking the store is refused at once.
 * @returns the purchase as it is then; the sweep has it verified where Temporal could not be reached
 * @throws ApiError store_off, receipt_invalid, receipt_used, package_unknown
 */
export async function takePurchase({ deps, workspace_id, user, request_id, log }: Pick<VerbCall, 'deps' | 'workspace_id' | 'user' | 'request_id' | 'log'>, receipt: Receipt): Promise<PurchaseRow> {
  const { db, stores, secrets, temporal } = deps;
  if (!stores.takes(receipt.store)) throw new ApiError('store_off');
  const read = await stores.readReceipt(receipt);
  if (!read.ok) throw new ApiError(read.code, { detail: read.reason });
  if (read.account !== null && read.account !== user.id) throw new ApiError('receipt_used', { detail: 'it was bought for another account' });
  const { transaction_id: store_transaction_id, product_id } = read;
  const pack = await findPackageOfProduct(db, workspace_id, receipt.store, product_id);
  if (!pack) throw new ApiError('package_unknown', { detail: product_id });
  const { row, isNew } = await openPurchase(db, { workspace_id, user_id: user.id, store: receipt.store, store_transaction_id, receipt: secrets.seal(receipt.receipt), product_id, package_id: pack.id });
  if (row.user_id !== user.id || row.workspace_id !== workspace_id) throw new ApiError('receipt_used');
  if (row.status !== 'pending') return row;
  const ref = { purchase_id: row.id, workspace_id, request_id };
  // Sent again while it waits for payment, it may be paid now: the store is asked at once.
  await (isNew ? temporal.social.verifyPurchase(ref) : temporal.social.storeChanged(ref)).catch((error: unknown) => log.warn({ err: error, purchase_id: row.id }, 'the purchase is kept; the sweep has it verified'));
  return row;
}
