import { Hono } from 'hono';
import { z } from 'zod';
import { answerControlError, bodyOf, ControlError } from '../../routes/control-input.ts';
import { troubleSchema } from '../trouble.ts';
import { FORGERIES } from './signer.ts';
import type { AppleWorld, Transaction } from './world.ts';

const forgery = z.enum(FORGERIES).optional();

const purchase = z.object({
  product_id: z.string().min(1),
  quantity: z.int().min(1).max(10).default(1),
  /** The user of ours for whom the app buys. */
  app_account_token: z.string().optional(),
  bundle_id: z.string().optional(),
  environment: z.enum(['Sandbox', 'Production', 'Xcode']).default('Sandbox'),
  type: z.string().default('Consumable'),
  ownership: z.string().default('PURCHASED'),
  /** false: the server API does not know it. */
  is_known: z.boolean().default(true),
  forgery,
});
const refund = z.object({ /** Percent. */ percentage: z.number().min(0).max(100).optional(), notify: z.boolean().default(true) });
const notification = z.object({ type: z.string().min(1), subtype: z.string().optional(), transaction_id: z.string().optional(), uuid: z.string().optional(), forgery });

/** `/control/stores/apple/…`: purchases as phones make them, refunds, notifications, outages, and what the product is set up with. */
export function appleControl(world: AppleWorld): Hono {
  const app = new Hono();
  const find = (id: string): Transaction => {
    const found = world.transactions.get(id);
    if (!found) throw new ControlError(404, `There is no transaction ${id}.`);
    return found;
  };
  app.onError(answerControlError);
  app.get('/root', (c) => c.body(world.signer.root.pem, 200, { 'content-type': 'application/x-pem-file' }));
  app.get('/app', (c) => c.json(world.app));
  app.post('/purchases', async (c) => {
    const { is_known, forgery: forged, ...bought } = purchase.parse(await bodyOf(c));
    const transaction = newTransaction(world, bought);
    if (is_known) world.transactions.set(transaction.transactionId, transaction);
    return c.json({ transaction_id: transaction.transactionId, signed_transaction: world.signed(transaction, forged) }, 201);
  });
  app.post('/purchases/:id/sign', (c) => c.json({ signed_transaction: world.signed(find(c.req.param('id'))) }));
  app.post('/purchases/:id/refund', async (c) => {
    const { percentage, notify } = refund.parse(await bodyOf(c));
    const transaction = Object.assign(find(c.req.param('id')), { revocationDate: Date.now(), revocationReason: 0 });
    if (percentage !== undefined) Object.assign(transaction, { revocationType: 'REFUND_PRORATED', revocationPercentage: Math.round(percentage * 1_000) });
    return c.json({ delivery: notify ? await world.notify('REFUND', { transaction }) : null });
  });
  app.post('/purchases/:id/reverse', async (c) => {
    const transaction = find(c.req.param('id'));
    for (const name of ['revocationDate', 'revocationReason', 'revocationType', 'revocationPercentage'] as const) delete transaction[name];
    return c.json({ delivery: await world.notify('REFUND_REVERSED', { transaction }) });
  });
  app.post('/notifications', async (c) => {
    const { type, transaction_id, ...options } = notification.parse(await bodyOf(c));
    return c.json({ delivery: await world.notify(type, { ...options, ...(transaction_id !== undefined && { transaction: find(transaction_id) }) }) });
  });
  app.get('/notifications', (c) => c.json({ items: world.deliveries.all() }));
  app.put('/notification-url', async (c) => {
    world.notificationUrl = z.object({ url: z.url().nullable() }).parse(await bodyOf(c)).url;
    return c.json({ url: world.notificationUrl });
  });
  app.put('/trouble', async (c) => {
    world.trouble.set(troubleSchema.parse(await bodyOf(c)));
    return c.json({});
  });
  app.get('/calls', (c) => c.json(world.trouble.calls()));
  return app;
}

function newTransaction({ newId, app }: AppleWorld, bought: Omit<z.output<typeof purchase>, 'is_known' | 'forgery'>): Transaction {
  const transactionId = newId();
  const purchaseDate = Date.now();
  return {
    transactionId,
    originalTransactionId: transactionId,
    bundleId: bought.bundle_id ?? app.bundle_id,
    productId: bought.product_id,
    purchaseDate,
    originalPurchaseDate: purchaseDate,
    quantity: bought.quantity,
    type: bought.type,
    inAppOwnershipType: bought.ownership,
    environment: bought.environment,
    ...(bought.app_account_token !== undefined && { appAccountToken: bought.app_account_token }),
    storefront: 'USA',
    transactionReason: 'PURCHASE',
  };
}
