import { z } from 'zod';
import type { StoreAnswer } from '../../../domain/contracts/purchase.ts';
import { NotSigned, type ReadSigned } from './signed-data.ts';

/** https://developer.apple.com/documentation/appstoreserverapi/jwstransactiondecodedpayload */
const payload = z.object({
  transactionId: z.string().regex(/^\d{1,32}$/),
  bundleId: z.string(),
  productId: z.string().min(1).max(200),
  type: z.string(),
  inAppOwnershipType: z.string(),
  quantity: z.int().min(1).max(1_000).default(1),
  environment: z.string(),
  appAccountToken: z.string().nullish(),
  revocationDate: z.number().nullish(),
  /** Thousandths of a percent. */
  revocationPercentage: z.number().min(0).max(100_000).nullish(),
});

/** Of our app, and signed by Apple. */
export interface AppleTransaction {
  transaction_id: string;
  /** appAccountToken, lower case: the user of ours for whom the app bought; null: it did not say. */
  account: string | null;
  bought: Extract<StoreAnswer, { kind: 'bought' }>;
}

export interface AppleApp {
  bundleId: string;
  environment: 'Production' | 'Sandbox';
}

/** @throws NotSigned, also where it is of another app, environment or kind */
export async function readTransaction(read: ReadSigned, { bundleId, environment }: AppleApp, jws: string, validAt: 'signed' | 'now'): Promise<AppleTransaction> {
  const parsed = payload.safeParse(await read(jws, validAt));
  if (!parsed.success) throw new NotSigned('It is no transaction.');
  const { data } = parsed;
  if (data.bundleId !== bundleId) throw new NotSigned('It is of another app.');
  if (data.environment !== environment) throw new NotSigned(`It is of Apple’s ${data.environment} environment, and this app’s is ${environment}.`);
  if (data.type !== 'Consumable' || data.inAppOwnershipType !== 'PURCHASED') throw new NotSigned('It is not a consumable that its owner bought.');
  return {
    transaction_id: data.transactionId,
    account: data.appAccountToken?.toLowerCase() ?? null,
    bought: { kind: 'bought', product_id: data.productId, quantity: data.quantity, refunded: refundedShare(data), is_test: data.environment !== 'Production' },
  };
}

/** https://developer.apple.com/documentation/appstoreserverapi/revocationpercentage: absent with older refunds, which took all. */
const refundedShare = ({ revocationDate, revocationPercentage }: z.output<typeof payload>): number =>
  typeof revocationDate !== 'number' ? 0 : typeof revocationPercentage === 'number' ? revocationPercentage / 100_000 : 1;
