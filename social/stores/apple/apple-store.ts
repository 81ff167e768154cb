import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { createStoreHttp, StoreDown } from '../store-http.ts';
import type { OneStore, ReadNotification } from '../stores.ts';
import { createAppleServerApi, type AppleKey } from './server-api.ts';
import { createSignedDataReader, NotSigned } from './signed-data.ts';
import { readTransaction, type AppleApp } from './transaction.ts';

export interface AppleStoreOptions extends AppleApp {
  /** The app's Apple ID, which notifications of production tell; null: not known, and not checked. */
  appId: number | null;
  /** DER or PEM. */
  roots: readonly Buffer[];
  url: string;
  /** null: Apple is not asked here, only receipts are read. */
  key: AppleKey | null;
}

/** https://developer.apple.com/documentation/appstoreservernotifications/responsebodyv2decodedpayload */
const notification = z.object({
  notificationType: z.string().min(1).max(100),
  subtype: z.string().max(100).nullish(),
  notificationUUID: z.string().min(1).max(100),
  data: z.object({ bundleId: z.string().nullish(), environment: z.string(), appAppleId: z.number().nullish(), signedTransactionInfo: z.string().nullish() }).nullish(),
});

/** Purchases in the App Store (StoreKit 2). */
export function createAppleStore(options: AppleStoreOptions, timeoutMs: number): OneStore & { readNotification(signedPayload: string): Promise<ReadNotification> } {
  const http = createStoreHttp('Apple', timeoutMs);
  const api = options.key && createAppleServerApi(http, { ...options, key: options.key });
  const read = createSignedDataReader(options.roots.map((certificate) => new X509Certificate(certificate)));

  return {
    async readReceipt(receipt, productId) {
      const transaction = await orReason(() => readTransaction(read, options, receipt, 'signed'));
      if (typeof transaction === 'string') return { ok: false, code: 'receipt_invalid', reason: transaction };
      const { transaction_id, account, bought } = transaction;
      if (productId !== null && productId !== bought.product_id) return { ok: false, code: 'receipt_invalid', reason: 'The receipt is for another product.' };
      return { ok: true, transaction_id, product_id: bought.product_id, account };
    },

    async ask({ store_transaction_id, user_id }) {
      if (!api) throw new StoreDown('This process has no key for Apple.');
      const signed = await api.transaction(store_transaction_id);
      if (signed === null) return { kind: 'unknown' };
      const transaction = await orReason(() => readTransaction(read, options, signed, 'now'));
      if (typeof transaction === 'string') return { kind: 'refused', code: 'receipt_invalid', reason: transaction };
      if (transaction.transaction_id !== store_transaction_id) throw new StoreDown('Apple answered with another transaction.');
      if (transaction.account !== null && transaction.account !== user_id) return { kind: 'refused', code: 'receipt_used', reason: 'It was bought for another account.' };
      return transaction.bought;
    },

    // The app finishes a transaction itself, once it has seen the coins.
    finish: () => Promise.resolve(),

    async readNotification(signedPayload) {
      const payload = await orReason(() => read(signedPayload, 'now'));
      if (typeof payload === 'string') return refused(payload);
      const parsed = notification.safeParse(payload);
      if (!parsed.success) return refused('It is no notification.');
      const { notificationType, subtype, notificationUUID, data } = parsed.data;
      const fault = data ? faultOfApp(data, options) : null;
      if (fault !== null) return refused(fault);
      const about = data?.signedTransactionInfo ? await orReason(() => readTransaction(read, options, data.signedTransactionInfo!, 'now')) : 'none';
      return { ok: true, id: notificationUUID, kind: subtype ? `${notificationType}.${subtype}` : notificationType, transaction_id: typeof about === 'string' ? null : about.transaction_id };
    },

    close: () => http.close(),
  };
}

const refused = (reason: string): ReadNotification => ({ ok: false, reason, isDown: false });

function faultOfApp(data: { bundleId?: string | null; environment: string; appAppleId?: number | null }, { bundleId, environment, appId }: AppleStoreOptions): string | null {
  if (data.bundleId !== bundleId) return 'It is of another app.';
  if (data.environment !== environment) return `It is of Apple’s ${data.environment} environment, and this app’s is ${environment}.`;
  return environment === 'Production' && appId !== null && data.appAppleId !== appId ? 'It is of another app.' : null;
}

/** Why it is not Apple's, where it is not. */
async function orReason<T extends object>(run: () => Promise<T>): Promise<T | string> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof NotSigned) return error.message;
    throw error;
  }
}
