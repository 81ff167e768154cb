import { createHmac, timingSafeEqual } from 'node:crypto';

const HEX = /^[0-9a-f]{64}$/;

/** The header Authorization of a webhook: https://partner.tiktokshop.com/docv2/page/tts-webhooks-overview. @param rawBody as received */
export const signWebhook = (rawBody: Uint8Array | string, app: { readonly app_key: string; readonly app_secret: string }): string =>
  createHmac('sha256', app.app_secret).update(app.app_key, 'utf8').update(rawBody).digest('hex');

/**
 * Whether TikTok Shop signed this body. Nothing dated is signed beyond the body: a repeated delivery is told by its notification id, an old one
 * by the timestamp inside. Takes the same time whatever the header's digits are.
 */
export function isSignedWebhook(authorization: string | null | undefined, rawBody: Uint8Array | string, app: { readonly app_key: string; readonly app_secret: string }): boolean {
  if (!authorization || !HEX.test(authorization)) return false;
  return timingSafeEqual(Buffer.from(signWebhook(rawBody, app), 'latin1'), Buffer.from(authorization, 'latin1'));
}
