import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedRequest {
  /** As it came: neither host nor query. */
  path: string;
  query: URLSearchParams;
  contentType: string | undefined;
  /** The very bytes of the body. */
  body: Buffer;
}

const UNSIGNED = new Set(['sign', 'access_token']);
const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const isMultipart = (contentType: string | undefined): boolean => contentType?.split(';')[0]?.trim().toLowerCase() === 'multipart/form-data';

/**
 * Lower-case hex HMAC-SHA256 over secret, path, sorted keys with their first decoded value, body, secret.
 * https://partner.tiktokshop.com/docv2/page/sign-your-api-request
 */
export function signatureOf(secret: string, { path, query, contentType, body }: SignedRequest): string {
  const keys = [...new Set(query.keys())].filter((key) => !UNSIGNED.has(key)).sort(byCodePoint);
  const hmac = createHmac('sha256', secret).update(secret + path + keys.map((key) => key + (query.get(key) ?? '')).join(''));
  if (!isMultipart(contentType)) hmac.update(body);
  return hmac.update(secret).digest('hex');
}

/** Upper-case hex is refused, as TikTok does. */
export function isSignature(given: string, secret: string, request: SignedRequest): boolean {
  const expected = Buffer.from(signatureOf(secret, request));
  const actual = Buffer.from(given);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** Webhooks have a rule of their own: https://partner.tiktokshop.com/docv2/page/tts-webhooks-overview */
export const webhookSignature = (appKey: string, secret: string, body: string): string => createHmac('sha256', secret).update(appKey + body).digest('hex');
