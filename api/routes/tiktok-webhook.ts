import { z } from '@hono/zod-openapi';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { storeWebhook } from '../../db/tiktok-webhook.repository.ts';
import { isFresh, parseSignatureHeader, parseWebhook, type TikTokWebhookEvent } from '../../domain/publishing/webhook.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, fieldError } from '../errors.ts';
import { readBytes } from '../json-body.ts';
import { apiRoute, jsonAnswer } from '../route.ts';

const MAX_BYTES = 1024 * 1024;

const receive = apiRoute({
  method: 'post',
  path: '/webhook/tiktok',
  access: 'public',
  tags: ['Posts'],
  summary: 'TikTok’s webhooks',
  description:
    'For TikTok alone: its callback URL in the developer portal. The signature over the raw body is checked with the app’s client_secret, and it must be ' +
    'at most five minutes old. Webhooks are kept once, answered at once, and processed by a workflow. One that is lost costs time only: what it would ' +
    'have told is asked for anyway.',
  rawBody: true,
  request: {
    headers: z.object({ 'tiktok-signature': z.string().optional().openapi({ example: 't=1633174587,s=18494715036ac4416a1d0a673871a2edbcfc94d94bd88ccd2c5ec9b3425afe66' }) }),
    body: {
      required: true,
      content: {
        'application/json': {
          schema: {
            type: 'object' as const,
            example: {
              client_key: 'bwo2m45353a6k85',
              event: 'post.publish.complete',
              create_time: 1_615_338_610,
              user_openid: 'act.example12345Example12345Example',
              content: '{"publish_id":"v_pub_file~v2-1.7400000000000000001","publish_type":"DIRECT_PUBLISH"}',
            },
          },
        },
      },
    },
  },
  responses: { 200: jsonAnswer(z.object({ received: z.literal(true).openapi({ example: true }) }), 'It is kept.') },
});

/** See https://developers.tiktok.com/doc/webhooks-verification. */
export function tiktokWebhookRoutes({ db, config, temporal }: ApiDeps): Router {
  return createRouter().openapi(receive, async (c) => {
    if (!config.tiktokApp) throw new ApiError('tiktok_app_missing');
    const body = (await readBytes(c.req.raw, MAX_BYTES)) ?? Buffer.alloc(0);
    verify(c.req.valid('header')['tiktok-signature'], body, config.tiktokApp.client_secret);
    const text = textOf(body);
    const { event, user_openid } = eventOf(text, config.tiktokApp.client_key);
    const { id, processed } = await storeWebhook(db, { body: text, event, user_openid: user_openid || null });
    const log = c.get('log');
    if (!processed) temporal.publishing.processWebhook(id).catch((error: unknown) => log.warn({ err: error, webhook_id: id }, 'the webhook is kept; the sweep processes it'));
    return c.json({ received: true as const }, 200);
  });
}

/** Age last: who can't sign learns nothing of our clock. */
function verify(header: string | undefined, body: Buffer, secret: string): void {
  const signed = parseSignatureHeader(header);
  if (!signed) throw new ApiError('webhook_signature', { detail: 'TikTok-Signature must be t=<unix seconds>,s=<hex>' });
  const expected = createHmac('sha256', secret).update(`${signed.timestamp}.`).update(body).digest();
  if (!timingSafeEqual(expected, Buffer.from(signed.signature, 'hex'))) throw new ApiError('webhook_signature');
  if (!isFresh(signed.timestamp_s, Date.now())) throw new ApiError('webhook_too_old');
}

function textOf(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch (error) {
    throw new ApiError('malformed_json', { detail: 'not UTF-8' }, { cause: error });
  }
}

function eventOf(text: string, clientKey: string): TikTokWebhookEvent {
  const parsed = parseWebhook(text);
  if (!parsed.ok) throw new ApiError('malformed_json', { detail: parsed.reason.slice(0, 500) });
  const { event } = parsed;
  if (event.client_key !== clientKey) throw fieldError('client_key', 'is not this app’s');
  if (/\0/.test(event.event + event.user_openid)) throw fieldError('event', 'holds the character NUL');
  return event;
}
