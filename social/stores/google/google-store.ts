import { createHash } from 'node:crypto';
import type { StoreAnswer } from '../../../domain/contracts/purchase.ts';
import { createStoreHttp, StoreDown } from '../store-http.ts';
import type { OneStore } from '../stores.ts';
import { createAccessTokens, type ServiceAccount } from './access-token.ts';
import type { NotificationOptions } from './notification.ts';
import { createPlayApi, type ProductPurchase } from './play-api.ts';

export interface GoogleStoreOptions extends NotificationOptions {
  url: string;
  tokenUrl: string;
  /** null: Google Play is not asked here. */
  account: ServiceAccount | null;
}

const SCOPE = 'https://www.googleapis.com/auth/androidpublisher';
const STATES = { bought: 0, cancelled: 1, pending: 2 } as const;
const TEST = 0;

/** By which we know a purchase: the token itself is a secret. */
export const tokenHash = (purchaseToken: string): string => createHash('sha256').update(purchaseToken).digest('hex');

/** Purchases at Google Play (Play Billing, one-time products). */
export function createGoogleStore(options: GoogleStoreOptions, timeoutMs: number): OneStore {
  const http = createStoreHttp('Google Play', timeoutMs);
  const api = options.account && createPlayApi(http, createAccessTokens(http, { ...options, account: options.account, scope: SCOPE }), options);
  const needed = () => {
    if (!api) throw new StoreDown('This process has no service account for Google Play.');
    return api;
  };

  return {
    readReceipt: (receipt, productId) =>
      Promise.resolve(
        productId === null
          ? { ok: false, code: 'receipt_invalid', reason: 'A purchase at Google Play needs its product_id.' }
          : { ok: true, transaction_id: tokenHash(receipt), product_id: productId, account: null },
      ),

    async ask({ receipt, product_id, user_id }) {
      const purchase = await needed().get({ productId: product_id, token: receipt });
      if (purchase === 'gone') return { kind: 'unknown' };
      const { obfuscatedExternalAccountId: account, productId = product_id } = purchase;
      if (account && account.toLowerCase() !== user_id) return { kind: 'refused', code: 'receipt_used', reason: 'It was bought for another account.' };
      return purchase.purchaseState === STATES.pending ? { kind: 'unpaid' } : bought(purchase, productId);
    },

    /** Again what is left to do is asked first: what is done twice is refused by Google. */
    async finish({ receipt, product_id }) {
      const product = { productId: product_id, token: receipt };
      const play = needed();
      const purchase = await play.get(product);
      if (purchase === 'gone' || purchase.purchaseState !== STATES.bought) return;
      if (purchase.acknowledgementState === 0) await play.acknowledge(product);
      if (purchase.consumptionState === 0) await play.consume(product);
    },

    close: () => http.close(),
  };
}

const bought = ({ purchaseState, quantity, refundableQuantity = quantity, purchaseType }: ProductPurchase, product_id: string): StoreAnswer => ({
  kind: 'bought',
  product_id,
  quantity,
  refunded: purchaseState === STATES.cancelled ? 1 : Math.max(0, quantity - refundableQuantity) / quantity,
  is_test: purchaseType === TEST,
});
