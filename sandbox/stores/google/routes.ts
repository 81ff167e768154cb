import { verify } from 'node:crypto';
import { Hono, type Context } from 'hono';
import { z } from 'zod';
import type { GoogleWorld, PlayPurchase } from './world.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const PUBLISHER = 'https://www.googleapis.com/auth/androidpublisher';
/** What this account has rights to. */
const SCOPES = new Set([PUBLISHER, 'https://www.googleapis.com/auth/firebase.messaging']);
const SKEW_S = 300;
const PATH = '/stores/google/androidpublisher/v3/applications/:package/purchases/products/:product/tokens';

const header = z.object({ alg: z.literal('RS256') });
const claims = z.object({ iss: z.string(), scope: z.string(), aud: z.string(), iat: z.number(), exp: z.number() });

/** Google's token endpoint for service accounts, and purchases.products of the Play Developer API. */
export function googleRoutes(world: GoogleWorld): Hono {
  const app = new Hono();
  app.post('/stores/google/token', async (c) => {
    const trouble = await world.trouble.answer(c, 'token');
    if (trouble) return trouble;
    const granted = scopesOf(world, new URLSearchParams(await c.req.text()), c.req.url);
    return typeof granted === 'string' ? c.json({ error: granted }, 400) : c.json({ ...world.giveToken(granted), token_type: 'Bearer' });
  });
  app.get(`${PATH}/:token`, async (c) => {
    const found = await admitted(c, world, 'get', c.req.param('token'));
    return found instanceof Response ? found : c.json({ kind: 'androidpublisher#productPurchase', ...shown(found), regionCode: 'US' });
  });
  app.post(`${PATH}/:call{[^/]+:(acknowledge|consume)}`, async (c) => {
    const call = c.req.param('call') ?? '';
    const at = call.lastIndexOf(':');
    const action = call.slice(at + 1) as 'acknowledge' | 'consume';
    const found = await admitted(c, world, action, decodeURIComponent(call.slice(0, at)));
    if (found instanceof Response) return found;
    const field = action === 'acknowledge' ? 'acknowledgementState' : 'consumptionState';
    if (found.purchaseState !== 0 || found[field] === 1) return refused(c, 400, `The purchase is not in a valid state to ${action}.`);
    found[field] = 1;
    // https://developer.android.com/google/play/billing/integrate: consuming acknowledges, too.
    if (action === 'consume') found.acknowledgementState = 1;
    return c.body(null, 204);
  });
  return app;
}

const shown = ({ token: _, packageName: __, ...purchase }: PlayPurchase) => purchase;

const refused = (c: Context, status: 400 | 401 | 404, message: string): Response => c.json({ error: { code: status, message, errors: [{ message, domain: 'androidpublisher' }] } }, status);

/** The purchase, where the caller may see it. */
async function admitted(c: Context, world: GoogleWorld, kind: string, token: string): Promise<PlayPurchase | Response> {
  const trouble = await world.trouble.answer(c, kind);
  if (trouble) return trouble;
  const access = world.tokens.get(/^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1] ?? '');
  if (!access || access.until_ms < Date.now() || !access.scopes.includes(PUBLISHER)) return refused(c, 401, 'Request had invalid authentication credentials.');
  if (c.req.param('package') !== world.packageName) return refused(c, 404, 'No application was found for the given package name.');
  const found = world.purchases.get(token);
  if (!found || found.packageName !== world.packageName) return refused(c, 400, 'Invalid Value');
  return found.productId === c.req.param('product') ? found : refused(c, 404, 'The purchase token does not match the product ID.');
}

/** By hand rather than by the library that the product signs with: the two must be able to disagree. @returns scopes, or OAuth's error */
function scopesOf(world: GoogleWorld, form: URLSearchParams, url: string): string[] | string {
  if (form.get('grant_type') !== GRANT) return 'unsupported_grant_type';
  const [head = '', body = '', signature = '', ...rest] = (form.get('assertion') ?? '').split('.');
  const [read, said] = [header.safeParse(decode(head)), claims.safeParse(decode(body))];
  if (rest.length > 0 || !read.success || !said.success) return 'invalid_request';
  if (!verify('RSA-SHA256', Buffer.from(`${head}.${body}`), world.account.key, Buffer.from(signature, 'base64url'))) return 'invalid_grant';
  const { iss, aud, iat, exp, scope } = said.data;
  const nowS = Date.now() / 1_000;
  const isTimely = iat <= nowS + SKEW_S && exp >= nowS - SKEW_S && exp - iat <= 3_600;
  if (iss !== world.account.client_email || aud !== url || !isTimely) return 'invalid_grant';
  const scopes = scope.split(' ');
  return scopes.every((one) => SCOPES.has(one)) ? scopes : 'invalid_scope';
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
