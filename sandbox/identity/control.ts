import { Hono } from 'hono';
import { z } from 'zod';
import { answerControlError, bodyOf } from '../routes/control-input.ts';
import { FACEBOOK_APP, type IdentityWorld } from './world.ts';

const issuer = z.enum(['google', 'apple']);
const provider = z.enum(['google', 'apple', 'facebook']);
const ISS = { google: 'https://accounts.google.com', apple: 'https://appleid.apple.com' } as const;

const tokenSchema = z.object({
  sub: z.string().min(1),
  /** To which app the token is addressed. */
  aud: z.union([z.string(), z.array(z.string())]),
  /** Seconds from now; negative: it has expired. */
  expires_in_s: z.number().int().default(3_600),
  /** Any other claims: email, email_verified, nonce, given_name, family_name, iss … */
  claims: z.record(z.string(), z.unknown()).default({}),
  alg: z.enum(['RS256', 'ES256']).optional(),
  forgery: z.enum(['forged', 'unsigned', 'hmac']).optional(),
});

const facebookSchema = z.object({
  user_id: z.string().min(1),
  app_id: z.string().default(FACEBOOK_APP.id),
  is_valid: z.boolean().default(true),
  type: z.string().default('USER'),
  /** Seconds from now; 0: never. */
  expires_in_s: z.number().int().default(3_600),
});

const nowS = (): number => Math.floor(Date.now() / 1_000);

/** `/control/identity/…`: tokens as people get them from their phones, and trouble at the providers. */
export function identityControl(world: IdentityWorld): Hono {
  const app = new Hono();
  app.onError(answerControlError);
  app.post('/facebook/tokens', async (c) => {
    const { expires_in_s, ...token } = facebookSchema.parse(await bodyOf(c));
    return c.json({ token: world.mintFacebook({ ...token, expires_at: expires_in_s === 0 ? 0 : nowS() + expires_in_s }), app_secret: FACEBOOK_APP.secret }, 201);
  });
  app.post('/:issuer/tokens', async (c) => {
    const of = issuer.parse(c.req.param('issuer'));
    const { sub, aud, expires_in_s, claims, ...options } = tokenSchema.parse(await bodyOf(c));
    const iat = nowS() - 1;
    const token = await world.mint(of, { iss: ISS[of], sub, aud, iat, exp: iat + expires_in_s, ...claims }, options);
    return c.json({ token }, 201);
  });
  app.post('/:issuer/rotate', async (c) => {
    const { keep_old } = z.object({ keep_old: z.boolean().default(false) }).parse(await bodyOf(c));
    world.keys[issuer.parse(c.req.param('issuer'))].rotate(keep_old);
    return c.json({ rotated: true });
  });
  app.put('/:provider/trouble', async (c) => {
    const { status } = z.object({ status: z.number().int().min(0).max(599).nullable() }).parse(await bodyOf(c));
    world.trouble[provider.parse(c.req.param('provider'))] = status === null ? null : { status };
    return c.json({ status });
  });
  app.get('/calls', (c) => c.json(world.calls));
  return app;
}
