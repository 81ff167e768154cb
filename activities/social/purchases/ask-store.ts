import { ApplicationFailure, Context } from '@temporalio/activity';
import { notePurchaseDelay, readReceipt } from '../../../db/purchase.repository.ts';
import { UNKNOWN_FOR_MS, type PurchaseRef, type StoreAnswer, type VerifyPurchaseActivities } from '../../../domain/contracts/purchase.ts';
import { ERRORS } from '../../../domain/errors.ts';
import { StoreDown } from '../../../social/stores/store-http.ts';
import type { KnownPurchase } from '../../../social/stores/stores.ts';
import type { PurchaseDeps } from './purchase-deps.ts';

/**
 * Attempts say nothing of how long a store has had to learn of a purchase: it may have been down for all but the last.
 * @param unknownForMs a purchase that the store does not know is refused once it was sent to us so long ago
 */
export function createAskStore({ db, secrets, stores, logger }: PurchaseDeps, unknownForMs = UNKNOWN_FOR_MS): Pick<VerifyPurchaseActivities, 'askStore' | 'finishPurchase'> {
  return {
    async askStore(ref) {
      const known = await knownPurchase(ref);
      if (known === null) return null;
      const { purchase, age_ms } = known;
      const answer = await whileItIsThere(ref, purchase, () => stores.ask(purchase));
      if (answer.kind !== 'unknown') return answer;
      if (age_ms < unknownForMs) throw failure('The store does not know the purchase yet.', null);
      return { kind: 'refused', code: 'receipt_invalid', reason: 'The store knows no such purchase of this app.' } satisfies StoreAnswer;
    },

    async finishPurchase(ref) {
      const known = await knownPurchase(ref);
      if (known !== null) await whileItIsThere(ref, known.purchase, () => stores.finish(known.purchase));
    },
  };

  /** null: it is gone, with its account. */
  async function knownPurchase({ purchase_id, workspace_id }: PurchaseRef): Promise<{ purchase: KnownPurchase; age_ms: number } | null> {
    const row = await readReceipt(db, workspace_id, purchase_id);
    if (!row || row.receipt === null) return null;
    const { receipt, store, store_transaction_id, product_id, user_id, age_ms } = row;
    return { purchase: { store, store_transaction_id, product_id, user_id, receipt: secrets.open(receipt) }, age_ms };
  }

  /** A store that is not there is said in the row, and thrown, so that Temporal tries again. */
  async function whileItIsThere<T>({ purchase_id, workspace_id }: PurchaseRef, { store }: KnownPurchase, call: () => Promise<T>): Promise<T> {
    try {
      if (!stores.takes(store)) throw new StoreDown(`This worker has no access to ${store}: see docs/coin-purchases.md.`);
      return await call();
    } catch (error) {
      if (!(error instanceof StoreDown)) throw error;
      logger.warn({ purchase_id, store, reason: error.message, attempt: Context.current().info.attempt }, 'a store could not be asked about a purchase; it is asked again');
      await notePurchaseDelay(db, workspace_id, purchase_id, { code: 'store_unavailable', reason: ERRORS.store_unavailable.message });
      throw failure(error.message, error.retryAfterMs);
    }
  }
}

const failure = (message: string, retryAfterMs: number | null): ApplicationFailure =>
  ApplicationFailure.create({ message, type: 'store_unavailable', ...(retryAfterMs !== null && { nextRetryDelay: retryAfterMs }) });
