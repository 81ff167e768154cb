import { Hono } from 'hono';
import { z } from 'zod';
import { answerControlError, bodyOf, ControlError } from '../../routes/control-input.ts';
import { troubleSchema } from '../trouble.ts';
import type { GoogleWorld, PlayPurchase } from './world.ts';

const purchase = z.object({
  product_id: z.string().min(1),
  quantity: z.int().min(1).max(10).default(1),
  /** obfuscatedExternalAccountId: the user of ours for whom the app buys. */
  account: z.string().optional(),
  /** pending: such as cash that is yet to be paid. */
  state: z.enum(['bought', 'pending']).default('bought'),
  is_test: z.boolean().default(false),
  package_name: z.string().optional(),
});
const STATES = { bought: 0, pending: 2 } as const;
const FULL = 1;
const PARTIAL = 2;
const refund = z.object({ /** How many of them; all where absent. */ quantity: z.int().min(1).optional(), notify: z.boolean().default(true), message_id: z.string().optional() });
const push = z.object({ url: z.url().nullable(), audience: z.string().min(1).optional(), email: z.string().min(1).optional() });

/** `/control/stores/google/…`: purchases as phones make them, payments, refunds, notifications, outages, and what the product is set up with. */
export function googleControl(world: GoogleWorld): Hono {
  const app = new Hono();
  const find = (token: string): PlayPurchase => {
    const found = world.purchases.get(token);
    if (!found) throw new ControlError(404, 'There is no purchase with this token.');
    return found;
  };
  app.onError(answerControlError);
  app.get('/service-account', (c) => {
    const { client_email, private_key_id, private_key } = world.account;
    return c.json({ type: 'service_account', project_id: 'showrunner-sandbox', client_email, private_key_id, private_key, token_uri: new URL('/stores/google/token', c.req.url).href });
  });
  app.get('/app', (c) => c.json({ package_name: world.packageName, ...world.push }));
  app.post('/purchases', async (c) => {
    const { product_id, quantity, account, state, is_test, package_name } = purchase.parse(await bodyOf(c));
    const made = world.newPurchase({
      ...{ productId: product_id, quantity, purchaseState: STATES[state] },
      ...(account !== undefined && { obfuscatedExternalAccountId: account }),
      ...(is_test && { purchaseType: 0 }),
      ...(package_name !== undefined && { packageName: package_name }),
    });
    return c.json({ purchase_token: made.token, order_id: made.orderId, product_id }, 201);
  });
  app.get('/purchases/:token', (c) => c.json(find(c.req.param('token'))));
  app.post('/purchases/:token/pay', async (c) => {
    const paid = find(c.req.param('token'));
    if (paid.purchaseState !== 2) throw new ControlError(409, 'It is not pending.');
    paid.purchaseState = 0;
    return c.json({ delivery: await world.notify('oneTimeProductNotification', productTold(paid, 1)) });
  });
  app.post('/purchases/:token/cancel', async (c) => {
    const cancelled = Object.assign(find(c.req.param('token')), { purchaseState: 1 as const });
    return c.json({ delivery: await world.notify('oneTimeProductNotification', productTold(cancelled, 2)) });
  });
  app.post('/purchases/:token/refund', async (c) => {
    const { quantity, notify, message_id } = refund.parse(await bodyOf(c));
    const refunded = find(c.req.param('token'));
    refunded.refundableQuantity = quantity === undefined ? 0 : Math.max(0, refunded.refundableQuantity - quantity);
    if (refunded.refundableQuantity === 0) refunded.purchaseState = 1;
    const content = { voidedPurchaseNotification: { purchaseToken: refunded.token, orderId: refunded.orderId, productType: 2, refundType: quantity === undefined ? FULL : PARTIAL } };
    return c.json({ delivery: notify ? await world.notify('voidedPurchaseNotification', content, { message_id }) : null });
  });
  app.post('/notifications', async (c) => {
    const { content, message_id, token } = z.object({ content: z.record(z.string(), z.unknown()), message_id: z.string().optional(), token: z.string().optional() }).parse(await bodyOf(c));
    return c.json({ delivery: await world.notify('custom', content, { message_id, token }) });
  });
  app.get('/notifications', (c) => c.json({ items: world.deliveries.all() }));
  app.put('/push', async (c) => {
    const { url, audience = world.push.audience, email = world.push.email } = push.parse(await bodyOf(c));
    world.push = { url, audience, email };
    return c.json(world.push);
  });
  app.put('/trouble', async (c) => {
    world.trouble.set(troubleSchema.parse(await bodyOf(c)));
    return c.json({});
  });
  app.get('/calls', (c) => c.json(world.trouble.calls()));
  return app;
}

const productTold = ({ token, productId }: PlayPurchase, notificationType: 1 | 2) => ({ oneTimeProductNotification: { version: '1.0', notificationType, purchaseToken: token, sku: productId } });
