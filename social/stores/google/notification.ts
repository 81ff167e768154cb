import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import { z } from 'zod';
import { createStoreHttp, StoreDown } from '../store-http.ts';
import type { ReadNotification } from '../stores.ts';
import { tokenHash } from './google-store.ts';

export interface NotificationOptions {
  packageName: string;
  jwksUrl: string;
  /** To which Pub/Sub's tokens are addressed; null: notifications are refused. */
  audience: string | null;
  /** As whom Pub/Sub pushes; null: notifications are refused. */
  email: string | null;
}

const ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];
const CLOCK_TOLERANCE_S = 30;

/** https://cloud.google.com/pubsub/docs/push#receive_push */
const push = z.object({ message: z.object({ data: z.base64().max(100_000), messageId: z.string().min(1).max(200) }) });

/** https://developer.android.com/google/play/billing/rtdn-reference */
const told = z.object({
  packageName: z.string(),
  oneTimeProductNotification: z.object({ notificationType: z.int(), purchaseToken: z.string().min(1).max(5_000) }).optional(),
  voidedPurchaseNotification: z.object({ purchaseToken: z.string().min(1).max(5_000), productType: z.int().optional(), refundType: z.int().optional() }).optional(),
  testNotification: z.unknown().optional(),
});

/** Reads Google Play's real-time developer notifications, as Pub/Sub pushes them with a token of its own. */
export function createNotificationReader({ packageName, jwksUrl, audience, email }: NotificationOptions, timeoutMs: number) {
  const http = createStoreHttp('Google', timeoutMs);
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: timeoutMs,
    [customFetch]: async (url) => {
      const { status, json } = await http.send({ method: 'GET', url });
      return Response.json(json, { status });
    },
  });

  /** Why the sender is not known to be Pub/Sub; null: it is. */
  async function faultOfSender(authorization: string | undefined): Promise<Refusal | null> {
    if (audience === null || email === null) return refused('GOOGLE_NOTIFICATION_AUDIENCE and GOOGLE_NOTIFICATION_EMAIL are not set.');
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (!token) return refused('The bearer token is missing.');
    try {
      const { payload } = await jwtVerify(token, keys, { issuer: ISSUERS, audience, algorithms: ['RS256'], clockTolerance: CLOCK_TOLERANCE_S, requiredClaims: ['exp', 'iat'] });
      return payload.email === email && payload.email_verified === true ? null : refused('The token is not that of the account which pushes.');
    } catch (error) {
      if (isKeySetFault(error)) return { ok: false, reason: 'Google’s public keys can not be read.', isDown: true };
      if (error instanceof errors.JOSEError) return refused('The token is not valid, or not Google’s.');
      throw error;
    }
  }

  return {
    async read(authorization: string | undefined, body: unknown): Promise<ReadNotification> {
      const fault = await faultOfSender(authorization);
      if (fault !== null) return fault;
      const pushed = push.safeParse(body);
      const message = pushed.success ? told.safeParse(decoded(pushed.data.message.data)) : pushed;
      if (!pushed.success || !message.success) return refused('It is no notification of Google Play.');
      return { ok: true, id: pushed.data.message.messageId, ...subjectOf(message.data as z.output<typeof told>, packageName) };
    },
    close: () => http.close(),
  };
}

type Refusal = Extract<ReadNotification, { ok: false }>;
const refused = (reason: string): Refusal => ({ ok: false, reason, isDown: false });

/** jose says a plain JOSEError where the key set was answered with another status than 200. */
const isKeySetFault = (error: unknown): boolean =>
  error instanceof StoreDown || error instanceof errors.JWKSInvalid || error instanceof errors.JWKSTimeout || (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC');

function decoded(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8')) as unknown;
  } catch {
    return null;
  }
}

function subjectOf({ packageName: of, oneTimeProductNotification: product, voidedPurchaseNotification: voided, testNotification }: z.output<typeof told>, packageName: string): { kind: string; transaction_id: string | null } {
  if (of !== packageName) return { kind: 'other_app', transaction_id: null };
  if (voided) return { kind: `voided.${voided.refundType ?? 0}`, transaction_id: tokenHash(voided.purchaseToken) };
  if (product) return { kind: `one_time_product.${product.notificationType}`, transaction_id: tokenHash(product.purchaseToken) };
  return { kind: testNotification === undefined ? 'other' : 'test', transaction_id: null };
}
