import type { ReceiptFault, Store, StoreAnswer } from '../../domain/contracts/purchase.ts';
import { createAppleStore, type AppleStoreOptions } from './apple/apple-store.ts';
import { createGoogleStore, type GoogleStoreOptions } from './google/google-store.ts';
import { createNotificationReader } from './google/notification.ts';

/** What a receipt says by itself, before its store is asked. */
export type ReadReceipt =
  | { ok: true; /** By which the purchase is known. */ transaction_id: string; product_id: string; /** For which user of ours it was bought; null: not known. */ account: string | null }
  | { ok: false; code: ReceiptFault; reason: string };

/** What a store tells of by itself. transaction_id null: it is about no purchase. isDown: it could not be checked now, and may come again. */
export type ReadNotification = { ok: true; id: string; kind: string; transaction_id: string | null } | { ok: false; reason: string; isDown: boolean };

/** A receipt as an app sends it. Apple: the signed transaction, whose product is inside. Google: the purchase token. */
export interface Receipt {
  store: Store;
  receipt: string;
  product_id: string | null;
}

/** What the API needs: no call but that for Google's public keys. */
export interface ReceiptDesk {
  /** Whether purchases at the store are set up. */
  takes(store: Store): boolean;
  readReceipt(receipt: Receipt): Promise<ReadReceipt>;
  /** @param signedPayload of App Store Server Notifications, version 2 */
  readAppleNotification(signedPayload: string): Promise<ReadNotification>;
  /** @param authorization header of a Pub/Sub push */
  readGoogleNotification(authorization: string | undefined, body: unknown): Promise<ReadNotification>;
}

/** A purchase that we know. */
export interface KnownPurchase {
  store: Store;
  store_transaction_id: string;
  receipt: string;
  product_id: string;
  /** Whose it is here. */
  user_id: string;
}

/** What workers need: asks the stores themselves. */
export interface StoreClients {
  takes(store: Store): boolean;
  /** @throws StoreDown @returns unknown: the store knows no such purchase, or not yet */
  ask(purchase: KnownPurchase): Promise<StoreAnswer | { kind: 'unknown' }>;
  /** Tells the store that the coins were given. @throws StoreDown */
  finish(purchase: KnownPurchase): Promise<void>;
}

export interface Stores extends ReceiptDesk, StoreClients {
  close(): Promise<void>;
}

export interface StoreOptions {
  /** null: not set up. */
  apple: AppleStoreOptions | null;
  google: GoogleStoreOptions | null;
  /** Of a whole call, milliseconds. */
  timeoutMs?: number;
}

const OFF = { ok: false, reason: 'This store is not set up.', isDown: false } as const;

/** The app stores, as far as they are set up. */
export function createStores({ apple: forApple, google: forGoogle, timeoutMs = 10_000 }: StoreOptions): Stores {
  const apple = forApple && createAppleStore(forApple, timeoutMs);
  const google = forGoogle && createGoogleStore(forGoogle, timeoutMs);
  const pushes = forGoogle && createNotificationReader(forGoogle, timeoutMs);
  const of = (store: Store) => {
    const found = store === 'apple' ? apple : google;
    if (!found) throw new Error(`Purchases at ${store} are not set up.`);
    return found;
  };
  return {
    takes: (store) => (store === 'apple' ? apple : google) !== null,
    readReceipt: ({ store, receipt, product_id }) => of(store).readReceipt(receipt, product_id),
    readAppleNotification: (signedPayload) => apple?.readNotification(signedPayload) ?? Promise.resolve(OFF),
    readGoogleNotification: (authorization, body) => pushes?.read(authorization, body) ?? Promise.resolve(OFF),
    ask: (purchase) => of(purchase.store).ask(purchase),
    finish: (purchase) => of(purchase.store).finish(purchase),
    async close() {
      await Promise.all([apple?.close(), google?.close(), pushes?.close()]);
    },
  };
}

/** What a single store does; a part of `Stores`. */
export interface OneStore {
  readReceipt(receipt: string, productId: string | null): Promise<ReadReceipt>;
  ask(purchase: KnownPurchase): Promise<StoreAnswer | { kind: 'unknown' }>;
  finish(purchase: KnownPurchase): Promise<void>;
  close(): Promise<void>;
}
