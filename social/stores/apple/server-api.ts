import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { z } from 'zod';
import { StoreDown, type StoreHttp } from '../store-http.ts';

const TOKEN_LIFE_S = 20 * 60;
/** TransactionIdNotFoundError and InvalidTransactionIdError; other 404s are of the kind that passes. */
const NOT_THERE = new Set([4_040_010, 4_000_006]);

export interface AppleKey {
  issuerId: string;
  keyId: string;
  /** PEM (.p8). */
  privateKey: string;
}

export interface AppleServerApi {
  /** @returns the signed transaction; null: Apple knows none of this id @throws StoreDown */
  transaction(transactionId: string): Promise<string | null>;
}

const answered = z.object({ signedTransactionInfo: z.string().min(1) });
const refused = z.object({ errorCode: z.number() });

/** @throws Error where the key is none */
export function createAppleServerApi(http: StoreHttp, { url, bundleId, key }: { url: string; bundleId: string; key: AppleKey }): AppleServerApi {
  const privateKey = createPrivateKey(key.privateKey);
  const base = url.replace(/\/+$/, '');

  /** https://developer.apple.com/documentation/appstoreserverapi/generating-json-web-tokens-for-api-requests */
  const token = (): Promise<string> =>
    new SignJWT({ bid: bundleId })
      .setProtectedHeader({ alg: 'ES256', kid: key.keyId, typ: 'JWT' })
      .setIssuer(key.issuerId)
      .setIssuedAt()
      .setExpirationTime(`${TOKEN_LIFE_S}s`)
      .setAudience('appstoreconnect-v1')
      .sign(privateKey);

  return {
    async transaction(transactionId) {
      const { status, json } = await http.send({ method: 'GET', url: `${base}/inApps/v1/transactions/${encodeURIComponent(transactionId)}`, headers: { authorization: `Bearer ${await token()}` } });
      if (status === 200) {
        const parsed = answered.safeParse(json);
        if (!parsed.success) throw new StoreDown('Apple answered without a transaction.');
        return parsed.data.signedTransactionInfo;
      }
      const fault = refused.safeParse(json);
      if (fault.success && NOT_THERE.has(fault.data.errorCode)) return null;
      if (status === 401) throw new StoreDown('Apple refused our key: see APPLE_ISSUER_ID, APPLE_KEY_ID and APPLE_PRIVATE_KEY.');
      throw new StoreDown(`Apple answered HTTP ${status}${fault.success ? `, error ${fault.data.errorCode}` : ''}.`);
    },
  };
}
