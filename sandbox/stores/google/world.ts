import { createPublicKey, generateKeyPairSync, randomBytes, randomInt, type KeyObject } from 'node:crypto';
import { BoundedMap } from '../../open-api/state/bounded-map.ts';
import { createDeliveries, type Deliveries, type Delivery } from '../deliveries.ts';
import { createTroubleDesk, type TroubleDesk } from '../trouble.ts';

/** https://developers.google.com/android-publisher/api-ref/rest/v3/purchases.products */
export interface PlayPurchase {
  token: string;
  orderId: string;
  productId: string;
  packageName: string;
  purchaseTimeMillis: string;
  purchaseState: 0 | 1 | 2;
  consumptionState: 0 | 1;
  acknowledgementState: 0 | 1;
  purchaseType?: number;
  quantity: number;
  refundableQuantity: number;
  obfuscatedExternalAccountId?: string;
}

/** Makes an OpenID token of Google's, as Pub/Sub pushes with one. */
export type MintIdToken = (claims: { sub: string; aud: string; claims: Record<string, unknown> }) => Promise<string>;

export interface GoogleWorld {
  readonly packageName: string;
  /** Made when it is first asked for: RSA keys take a while. */
  readonly account: { client_email: string; private_key_id: string; private_key: string; key: KeyObject };
  /** Access tokens, until when each is good, milliseconds since 1970, and for what. */
  tokens: Map<string, { until_ms: number; scopes: string[] }>;
  purchases: Map<string, PlayPurchase>;
  trouble: TroubleDesk;
  deliveries: Deliveries;
  /** Where Pub/Sub pushes to, and as whom; url null: nowhere. */
  push: { url: string | null; audience: string; email: string };
  giveToken(scopes: string[]): { access_token: string; expires_in: number };
  newPurchase(over: Pick<PlayPurchase, 'productId' | 'quantity' | 'purchaseState'> & Partial<PlayPurchase>): PlayPurchase;
  /** Real-time developer notification: https://developer.android.com/google/play/billing/rtdn-reference */
  notify(kind: string, content: object, options?: { message_id?: string; token?: string }): Promise<Delivery>;
  reset(): void;
}

export const PACKAGE = 'com.showrunner.sandbox';
const TOKEN_S = 3_599;
const MAX_KEPT = 50_000;
const NO_PUSH = { url: null, audience: 'https://showrunner.example/webhook/google-play', email: 'play-push@showrunner-sandbox.iam.gserviceaccount.com' };

export function createGoogleWorld(mintIdToken: MintIdToken): GoogleWorld {
  let account: GoogleWorld['account'] | null = null;
  const world: GoogleWorld = {
    packageName: PACKAGE,
    get account() {
      return (account ??= createAccount());
    },
    tokens: new BoundedMap(MAX_KEPT),
    purchases: new BoundedMap(MAX_KEPT),
    trouble: createTroubleDesk(),
    deliveries: createDeliveries(),
    push: { ...NO_PUSH },
    giveToken(scopes) {
      const access_token = `ya29.${randomBytes(48).toString('base64url')}`;
      world.tokens.set(access_token, { until_ms: Date.now() + TOKEN_S * 1_000, scopes });
      return { access_token, expires_in: TOKEN_S };
    },
    newPurchase(over) {
      const purchase: PlayPurchase = {
        token: `${randomBytes(12).toString('hex')}.AO-J1O${randomBytes(60).toString('base64url')}`,
        orderId: `GPA.${randomInt(1_000, 9_999)}-${randomInt(1_000, 9_999)}-${randomInt(1_000, 9_999)}-${randomInt(10_000, 99_999)}`,
        packageName: PACKAGE,
        purchaseTimeMillis: String(Date.now()),
        consumptionState: 0,
        acknowledgementState: 0,
        refundableQuantity: over.quantity,
        ...over,
      };
      world.purchases.set(purchase.token, purchase);
      return purchase;
    },
    async notify(kind, content, { message_id = String(randomInt(2 ** 47)), token } = {}) {
      const { url, audience, email } = world.push;
      const data = Buffer.from(JSON.stringify({ version: '1.0', packageName: PACKAGE, eventTimeMillis: String(Date.now()), ...content })).toString('base64');
      const bearer = token ?? (await mintIdToken({ sub: '100000000000000000001', aud: audience, claims: { email, email_verified: true, azp: '100000000000000000001' } }));
      const body = JSON.stringify({ message: { data, messageId: message_id, message_id, publishTime: new Date().toISOString(), attributes: {} }, subscription: 'projects/sandbox/subscriptions/play' });
      return world.deliveries.send(url, { id: message_id, kind, body, headers: { authorization: `Bearer ${bearer}` } });
    },
    reset() {
      world.tokens.clear();
      world.purchases.clear();
      world.trouble.reset();
      world.deliveries.reset();
      world.push = { ...NO_PUSH };
    },
  };
  return world;
}

function createAccount(): GoogleWorld['account'] {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return {
    client_email: 'showrunner@showrunner-sandbox.iam.gserviceaccount.com',
    private_key_id: randomBytes(20).toString('hex'),
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    key: createPublicKey(privateKey),
  };
}
