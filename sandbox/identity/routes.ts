import { Hono, type Context } from 'hono';
import { FACEBOOK_APP, type FacebookToken, type IdentityWorld, type Provider } from './world.ts';

/** What the product reads of the providers. */
export function identityRoutes(world: IdentityWorld): Hono {
  return new Hono()
    .get('/identity/google/certs', (c) => answered(c, world, 'google', async () => c.json(await world.keys.google.published())))
    .get('/identity/apple/keys', (c) => answered(c, world, 'apple', async () => c.json(await world.keys.apple.published())))
    .get('/identity/facebook/debug_token', (c) => answered(c, world, 'facebook', () => Promise.resolve(debugToken(c, world.facebook))));
}

async function answered(c: Context, world: IdentityWorld, provider: Provider, answer: () => Promise<Response>): Promise<Response> {
  world.calls[provider] += 1;
  const trouble = world.trouble[provider];
  if (trouble === null) return answer();
  if (trouble.status !== 0) return c.json({ error: 'the sandbox was told to fail' }, trouble.status as 500);
  // Ends when the caller has had enough.
  await new Promise<void>((resolve) => c.req.raw.signal.addEventListener('abort', () => resolve(), { once: true }));
  return c.body(null, 408);
}

/** https://developers.facebook.com/docs/graph-api/reference/debug_token/ */
function debugToken(c: Context, tokens: ReadonlyMap<string, FacebookToken>): Response {
  if (c.req.query('access_token') !== `${FACEBOOK_APP.id}|${FACEBOOK_APP.secret}`) {
    return c.json({ error: { message: 'Invalid OAuth access token signature.', type: 'OAuthException', code: 190, fbtrace_id: 'sandbox' } }, 400);
  }
  const token = tokens.get(c.req.query('input_token') ?? '');
  if (!token) return c.json({ data: { error: { code: 190, message: 'Invalid OAuth access token - Cannot parse access token' }, is_valid: false, scopes: [] } });
  const expired = token.expires_at !== 0 && token.expires_at * 1_000 <= Date.now();
  const error = expired ? { error: { code: 190, message: 'Error validating access token: Session has expired', subcode: 463 } } : {};
  return c.json({ data: { ...token, application: 'Sandbox', ...error, is_valid: token.is_valid && !expired, scopes: ['public_profile'] } });
}
