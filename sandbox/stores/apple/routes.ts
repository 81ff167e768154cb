import { createPublicKey, verify } from 'node:crypto';
import { Hono } from 'hono';
import { z } from 'zod';
import type { AppleWorld } from './world.ts';

const header = z.object({ alg: z.literal('ES256'), kid: z.string(), typ: z.literal('JWT') });
const claims = z.object({ iss: z.string(), iat: z.number(), exp: z.number(), aud: z.literal('appstoreconnect-v1'), bid: z.string() });
const MAX_LIFE_S = 3_600;

/** The App Store Server API: https://developer.apple.com/documentation/appstoreserverapi/get-v1-transactions-_transactionid_ */
export const appleRoutes = (world: AppleWorld): Hono =>
  new Hono().get('/stores/apple/inApps/v1/transactions/:id', async (c) => {
    const trouble = await world.trouble.answer(c, 'transaction');
    if (trouble) return trouble;
    if (!isAuthorized(world, c.req.header('authorization'))) return c.text('Unauthenticated\n\nRequest ID: SANDBOX.0.0\n', 401);
    const id = c.req.param('id');
    if (!/^\d+$/.test(id)) return c.json({ errorCode: 4_000_006, errorMessage: 'Invalid transaction id.' }, 400);
    const transaction = world.transactions.get(id);
    // Of another app it knows nothing here.
    if (!transaction || transaction.bundleId !== world.app.bundle_id) return c.json({ errorCode: 4_040_010, errorMessage: 'Transaction id not found.' }, 404);
    return c.json({ signedTransactionInfo: world.signed(transaction) });
  });

/** By hand rather than by the library that the product signs with: the two must be able to disagree. */
function isAuthorized({ app }: AppleWorld, authorization: string | undefined): boolean {
  const [head = '', body = '', signature = '', ...rest] = (/^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '').split('.');
  const [read, said] = [header.safeParse(decode(head)), claims.safeParse(decode(body))];
  if (rest.length > 0 || !read.success || !said.success) return false;
  const { iss, iat, exp, bid } = said.data;
  const nowS = Date.now() / 1_000;
  const isTimely = iat <= nowS + 60 && exp > nowS && exp - iat <= MAX_LIFE_S;
  if (!isTimely || iss !== app.issuer_id || bid !== app.bundle_id || read.data.kid !== app.key_id) return false;
  return verify('sha256', Buffer.from(`${head}.${body}`), { key: createPublicKey(app.private_key), dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
