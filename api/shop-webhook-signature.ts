import { createHmac, timingSafeEqual } from 'node:crypto';

const HEX = /^[0-9a-f]{64}$/;

/**
 * Whether TikTok Shop signed this body: the header Authorization is the hex HMAC-SHA256 of app key and raw body, by the app secret
 * (https://partner.tiktokshop.com/docv2/page/tts-webhooks-overview). Takes the same time whatever the header's digits are.
 */
export function isSignedByShop(authorization: string | undefined, rawBody: Uint8Array, app: { app_key: string; app_secret: string }): boolean {
  if (!authorization || !HEX.test(authorization)) return false;
  const expected = createHmac('sha256', app.app_secret).update(app.app_key, 'utf8').update(rawBody).digest();
  return timingSafeEqual(expected, Buffer.from(authorization, 'hex'));
}
