import { z } from '@hono/zod-openapi';
import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { storeShopWebhooks, type NewShopWebhook, type StoredShopWebhook } from '../../db/shop-webhook-intake.repository.ts';
import { AppError, type ErrorCode } from '../../domain/errors.ts';
import { faultOfWebhookTime } from '../../domain/shop/webhook-age.ts';
import { subjectOf } from '../../domain/shop/webhook-routes.ts';
import { parseShopWebhook } from '../../domain/shop/webhook.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import { isOutage } from '../database-faults.ts';
import type { ApiConfig, ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { readBytes } from '../json-body.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { createShopWebhookIntake } from '../shop-webhook-intake.ts';
import { isSignedByShop } from '../shop-webhook-signature.ts';
import { createShopWakes } from '../shop-webhook-wakes.ts';

const MAX_BYTES = 1024 * 1024;
/** TikTok waits about three seconds; a statement that takes longer than this is given up, and TikTok comes again. */
const STORE_MS = 5_000;
const MAX_INT = 2_147_483_647;

const receive = apiRoute({
  method: 'post',
  path: '/webhook/',
  access: 'public',
  tags: ['Shop webhooks'],
  summary: 'TikTok Shop’s webhooks',
  description:
    'For TikTok Shop alone: the webhook URL of the app in Partner Center, with or without the slash at its end. The signature over the raw body is checked ' +
    'with the app’s secret; the timestamp inside may be 24 hours old, since TikTok repeats a webhook for almost 16. Each is kept once, by its ' +
    'notification id, answered when it is committed, and processed by a workflow. One that is lost costs time only: the sync finds what it would have told.',
  rawBody: true,
  request: {
    headers: z.object({ authorization: z.string().optional().openapi({ example: '5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05' }) }),
    body: {
      required: true,
      content: {
        'application/json': {
          schema: {
            type: 'object' as const,
            example: {
              type: 1,
              tts_notification_id: '7380066284010030890',
              shop_id: '7495540735365777507',
              timestamp: 1_718_305_585,
              data: { is_on_hold_order: true, order_id: '576653688135258178', order_status: 'UNPAID', update_time: 1_718_305_585 },
            },
          },
        },
      },
    },
  },
  responses: { 200: jsonAnswer(z.object({ received: z.literal(true).openapi({ example: true }) }), 'It is kept.') },
});

/** See https://partner.tiktokshop.com/docv2/page/tts-webhooks-overview. */
export function shopWebhookRoutes({ pool, config, temporal, metrics, logger, shutdown }: ApiDeps): Router {
  const intake = createShopWebhookIntake({ store: (received) => storeShopWebhooks(pool, received, STORE_MS) });
  const wakes = createShopWakes({ wake: (shopId) => temporal.shop.processWebhooks(shopId), log: logger });
  shutdown.addEventListener('abort', () => wakes.close(), { once: true });
  const count = (result: string): void => metrics.shopWebhooks.inc({ result });

  async function take(c: Context<AppEnv>): Promise<StoredShopWebhook> {
    const webhook = await signedWebhook(c, config.shopApp);
    const stored = await intake.take(webhook);
    // A repeat of what still waits may be TikTok's answer to an outage of ours.
    if (stored.state === 'received') wakes.request(webhook.shop_id ?? '');
    return stored;
  }

  const handle = async (c: Context<AppEnv>) => {
    try {
      count((await take(c)).is_repeat ? 'repeated' : 'new');
    } catch (error) {
      count(codeOf(error));
      if (error instanceof AppError && error.code === 'webhook_signature') c.get('log').warn({ reason: error.detail }, 'a webhook without TikTok Shop’s signature was refused');
      throw error;
    }
    return c.json({ received: true as const }, 200);
  };
  const routes = createRouter().openapi(receive, handle);
  routes.post('/webhook', handle);
  return routes;
}

const codeOf = (error: unknown): ErrorCode => (error instanceof AppError ? error.code : error instanceof Error && isOutage(error) ? 'unavailable' : 'internal');

/** Age last: who can't sign learns nothing of our clock. */
async function signedWebhook(c: Context<AppEnv>, app: ApiConfig['shopApp']): Promise<NewShopWebhook> {
  if (!app) throw new ApiError('shop_app_missing');
  const body = (await readBytes(c.req.raw, MAX_BYTES)) ?? Buffer.alloc(0);
  const authorization = c.req.header('authorization');
  if (!isSignedByShop(authorization, body, app)) throw new ApiError('webhook_signature', { detail: signatureFault(authorization) });
  const webhook = webhookOf(body);
  const fault = faultOfWebhookTime(webhook.sent_at_ms, Date.now());
  if (fault !== null) throw new ApiError('webhook_too_old', { detail: fault });
  return webhook;
}

const signatureFault = (authorization: string | undefined): string =>
  authorization ? 'Authorization is not the HMAC-SHA256, in lower-case hex, of app key and raw body by this app’s secret' : 'the header Authorization is missing';

function webhookOf(body: Buffer): NewShopWebhook {
  const text = textOf(body);
  const parsed = parseShopWebhook(text);
  if (!parsed.ok) throw unreadable(parsed.reason);
  const { webhook } = parsed;
  const { notification_id, type, kind, shop_id, timestamp_ms } = webhook;
  const subject = subjectOf(webhook);
  if (type > MAX_INT) throw unreadable('type: is out of range');
  if (/\0/.test(`${notification_id}${shop_id}${subject}`)) throw unreadable('an id holds the character NUL');
  return { id: notification_id ?? createHash('sha256').update(body).digest('hex'), type, kind, shop_id, subject, body: text, sent_at_ms: timestamp_ms };
}

function textOf(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch (error) {
    throw unreadable('not UTF-8', error);
  }
}

const unreadable = (reason: string, cause?: unknown): ApiError => new ApiError('shop_webhook_unreadable', { detail: reason.slice(0, 500) }, cause === undefined ? undefined : { cause });
