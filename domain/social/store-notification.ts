import type { Store } from '../contracts/purchase.ts';

/** After which the store is asked about a purchase anew; the rest is kept, and nothing follows from it. */
const CHANGES: Readonly<Record<Store, RegExp>> = {
  /** https://developer.apple.com/documentation/appstoreservernotifications/notificationtype */
  apple: /^(REFUND|REFUND_REVERSED|REVOKE)(\.|$)/,
  /** Bought, cancelled, refunded; see social/stores/google/notification.ts for the names. */
  google: /^(one_time_product|voided)\./,
};

/** Whether a notification of this kind may change what a purchase is worth. */
export const mayChangePurchase = (store: Store, kind: string): boolean => CHANGES[store].test(kind);
