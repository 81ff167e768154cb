import { generateKeyPairSync, randomInt, randomUUID } from 'node:crypto';
import { BoundedMap } from '../../open-api/state/bounded-map.ts';
import { createDeliveries, type Deliveries, type Delivery } from '../deliveries.ts';
import { createTroubleDesk, type TroubleDesk } from '../trouble.ts';
import { createSigner, type Forgery, type Signer } from './signer.ts';

/** The app as App Store Connect knows it, and a key of its App Store Server API. */
export interface AppleApp {
  bundle_id: string;
  app_id: number;
  environment: 'Sandbox';
  issuer_id: string;
  key_id: string;
  /** PEM (.p8). */
  private_key: string;
}

/** https://developer.apple.com/documentation/appstoreserverapi/jwstransactiondecodedpayload */
export interface Transaction {
  transactionId: string;
  originalTransactionId: string;
  bundleId: string;
  productId: string;
  purchaseDate: number;
  originalPurchaseDate: number;
  quantity: number;
  type: string;
  inAppOwnershipType: string;
  environment: string;
  appAccountToken?: string;
  revocationDate?: number;
  revocationReason?: number;
  revocationType?: string;
  revocationPercentage?: number;
  storefront: string;
  transactionReason: string;
}

export interface AppleWorld {
  readonly app: AppleApp;
  readonly signer: Signer;
  /** Those that the server API knows. */
  transactions: Map<string, Transaction>;
  trouble: TroubleDesk;
  deliveries: Deliveries;
  /** Where notifications go; null: nowhere. */
  notificationUrl: string | null;
  newId(): string;
  /** As the phone or the server API gives it, signed now. */
  signed(transaction: Transaction, forgery?: Forgery): string;
  notify(type: string, options: { subtype?: string; transaction?: Transaction; forgery?: Forgery; uuid?: string }): Promise<Delivery>;
  reset(): void;
}

const MAX_TRANSACTIONS = 50_000;

export function createAppleWorld(): AppleWorld {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const app: AppleApp = {
    bundle_id: 'com.showrunner.sandbox',
    app_id: 1_500_000_001,
    environment: 'Sandbox',
    issuer_id: randomUUID(),
    key_id: 'SANDBOXKEY',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  let lastId = randomInt(2_000_000_000);
  const world: AppleWorld = {
    app,
    signer: createSigner(),
    transactions: new BoundedMap(MAX_TRANSACTIONS),
    trouble: createTroubleDesk(),
    deliveries: createDeliveries(),
    notificationUrl: null,
    newId: () => `20000${String(++lastId).padStart(10, '0')}`,
    signed: (transaction, forgery) => world.signer.sign({ ...transaction, signedDate: Date.now() }, forgery),
    notify(notificationType, { subtype, transaction, forgery, uuid = randomUUID() }) {
      const data = { appAppleId: app.app_id, bundleId: transaction?.bundleId ?? app.bundle_id, bundleVersion: '1', environment: app.environment, ...(transaction && { signedTransactionInfo: world.signed(transaction) }) };
      const signedPayload = world.signer.sign({ notificationType, ...(subtype && { subtype }), notificationUUID: uuid, version: '2.0', signedDate: Date.now(), data }, forgery);
      return world.deliveries.send(world.notificationUrl, { id: uuid, kind: notificationType, body: JSON.stringify({ signedPayload }), headers: {} });
    },
    reset() {
      world.transactions.clear();
      world.trouble.reset();
      world.deliveries.reset();
      world.notificationUrl = null;
    },
  };
  return world;
}
