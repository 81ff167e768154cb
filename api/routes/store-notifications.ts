import { z } from '@hono/zod-openapi';
import { findPurchaseOfReceipt } from '../../db/purchase.repository.ts';
import { closeNotification, keepNotification, type StoreNotification } from '../../db/store-notification.repository.ts';
import type { Store } from '../../domain/contracts/purchase.ts';
import { mayChangePurchase } from '../../domain/social/store-notification.ts';
import type { ReadNotification } from '../../social/stores/stores.ts';
import type { Context } from 'hono';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';

const tags = ['Social app'];
const received = jsonAnswer(z.object({ received: z.literal(true).openapi({ example: true }) }), 'It is kept.');

const apple = apiRoute({
  method: 'post',
  path: '/webhook/apple-store',
  access: 'public',
  tags,
  summary: 'App Store Server Notifications, version 2',
  description: 'For Apple alone: its URL in App Store Connect. The JWS is verified to Apple’s root certificates. Each is kept once, by its notificationUUID; after a refund, its reversal, or a revocation Apple is asked about the purchase, and coins are taken back or given again.',
  request: { body: jsonBodyOf(z.object({ signedPayload: z.string().min(1).max(200_000).openapi({ example: 'eyJhbGciOiJFUzI1NiIsIng1YyI6WyJNSUlF…' }) })) },
  responses: { 200: received },
});

const google = apiRoute({
  method: 'post',
  path: '/webhook/google-play',
  access: 'public',
  tags,
  summary: 'Google Play’s real-time developer notifications',
  description: 'For Pub/Sub alone: the endpoint of a push subscription with authentication. The token is verified by Google’s keys, for GOOGLE_NOTIFICATION_AUDIENCE and GOOGLE_NOTIFICATION_EMAIL. Each is kept once, by its messageId; after it Google Play is asked about the purchase.',
  request: {
    headers: z.object({ authorization: z.string().optional().openapi({ example: 'Bearer eyJhbGciOiJSUzI1NiIs…' }) }),
    body: jsonBodyOf(
      z.looseObject({
        message: z.looseObject({ data: z.string(), messageId: z.string() }).openapi({ example: { data: 'eyJ2ZXJzaW9uIjoiMS4wIn0=', messageId: '136969346945' } }),
      }),
    ),
  },
  responses: { 200: received },
});

/** What stores tell of by themselves. A store comes again until it gets 200. */
export function storeNotificationRoutes({ db, stores, temporal }: ApiDeps): Router {
  async function take(c: Context<AppEnv>, store: Store, read: ReadNotification): Promise<{ received: true }> {
    if (!read.ok && read.isDown) throw new ApiError('unavailable', { detail: read.reason, retryAfterS: 10 });
    if (!read.ok) throw new ApiError('store_notification_refused', { detail: read.reason });
    const { id: notification_id, kind, transaction_id: store_transaction_id } = read;
    const notification = { store, notification_id, kind, store_transaction_id };
    const isOpen = await keepNotification(db, notification, store_transaction_id !== null && mayChangePurchase(store, kind) ? null : 'nothing_to_do');
    c.get('log').info({ store, notification_id, kind, isOpen }, 'a store told of something');
    if (isOpen) await handOn(notification, c.get('requestId')).catch((error: unknown) => c.get('log').warn({ err: error, store, notification_id }, 'the notification is kept; the sweep hands it on'));
    return { received: true };
  }

  async function handOn(notification: StoreNotification, request_id: string): Promise<void> {
    const purchase = await findPurchaseOfReceipt(db, notification.store, notification.store_transaction_id!);
    if (purchase) await temporal.social.storeChanged({ purchase_id: purchase.id, workspace_id: purchase.workspace_id, request_id });
    await closeNotification(db, notification, purchase ? 'handed_on' : 'no_purchase');
  }

  const demand = (store: Store): void => {
    if (!stores.takes(store)) throw new ApiError('store_off');
  };

  return createRouter()
    .openapi(apple, async (c) => {
      demand('apple');
      return c.json(await take(c, 'apple', await stores.readAppleNotification(c.req.valid('json').signedPayload)), 200);
    })
    .openapi(google, async (c) => {
      demand('google');
      return c.json(await take(c, 'google', await stores.readGoogleNotification(c.req.header('authorization'), c.req.valid('json'))), 200);
    });
}
