import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClaimedIdentity, IdentityVerifier } from '../../social/identity/verifier.ts';
import { AUDIENCE, createIdentityWorld, FACEBOOK_APP_ID, type IdentityWorld, type TokenDraft } from '../helpers/identity.ts';

let world: IdentityWorld;
let verifier: IdentityVerifier;
beforeAll(async () => {
  world = await createIdentityWorld();
  verifier = world.verifier();
});
afterAll(() => world.close());
beforeEach(async () => {
  for (const provider of ['google', 'apple', 'facebook'] as const) await world.trouble(provider, null);
});

const claim = (social: ClaimedIdentity['social'], token: string, over: Partial<ClaimedIdentity> = {}): ClaimedIdentity => ({ social, social_id: 'u1', token, nonce: null, email: null, ...over });
const refused = (words: string) => ({ ok: false, code: 'social_sign_in_refused', reason: expect.stringContaining(words) });
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe.each(['google', 'apple'] as const)('An id token of %s', (social) => {
  const verify = async (draft: TokenDraft = {}, over: Partial<ClaimedIdentity> = {}) => verifier.verify(claim(social, await world.token(social, draft), over));

  test('says who somebody is', async () => {
    const claims = { email: 'ada@example.com', email_verified: true, given_name: 'Ada', family_name: 'Lovelace', picture: 'https://cdn.example/ada.jpg' };
    expect(await verify({ claims })).toEqual({
      ok: true,
      identity: { social_id: 'u1', email: 'ada@example.com', first_name: 'Ada', last_name: 'Lovelace', picture: 'https://cdn.example/ada.jpg' },
    });
  });

  test('has an e-mail only where the provider has verified it', async () => {
    expect(await verify({ claims: { email: 'ada@example.com', email_verified: 'true' } })).toMatchObject({ identity: { email: 'ada@example.com' } });
    for (const email_verified of [false, 'false', undefined, 1]) expect(await verify({ claims: { email: 'ada@example.com', email_verified } })).toMatchObject({ ok: true, identity: { email: null } });
  });

  test.each<[string, TokenDraft, string]>([
    ['was signed by somebody else under a known key’s id', { forgery: 'forged' }, 'not signed by'],
    ['is not signed (alg none)', { forgery: 'unsigned' }, 'not a token of'],
    ['is signed by the public key as if it were a secret', { forgery: 'hmac' }, 'not a token of'],
    ['is for another app', { aud: 'somebody-else' }, 'wrong aud'],
    ['has expired', { expires_in_s: -60 }, 'expired'],
    ['is of another issuer', { claims: { iss: 'https://accounts.example.com' } }, 'wrong iss'],
    ['is not good yet', { claims: { nbf: Math.floor(Date.now() / 1_000) + 3_600 } }, 'wrong nbf'],
    ['does not expire', { claims: { exp: null } }, 'wrong exp'],
    ['is somebody else’s', { sub: 'u2' }, 'somebody else’s'],
  ])('is refused where it %s', async (_, draft, words) => {
    expect(await verify(draft)).toEqual(refused(words));
  });

  test.each(['', 'a.b.c', 'x'.repeat(16_000), '…', 'eyJhbGciOiJub25lIn0..'])('is refused where it is none (%#)', async (token) => {
    expect(await verifier.verify(claim(social, token))).toMatchObject({ ok: false, code: 'social_sign_in_refused' });
  });

  test('with its payload changed is refused', async () => {
    const [head, payload, signature] = (await world.token(social)).split('.') as [string, string, string];
    const other = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'u3' })).toString('base64url');
    expect(await verifier.verify(claim(social, `${head}.${other}.${signature}`, { social_id: 'u3' }))).toEqual(refused('not signed by'));
  });

  test('has the nonce that the app gave, or its SHA-256', async () => {
    expect(await verify({ claims: { nonce: 'n-1' } }, { nonce: 'n-1' })).toMatchObject({ ok: true });
    expect(await verify({ claims: { nonce: sha256('n-1') } }, { nonce: 'n-1' })).toMatchObject({ ok: true });
    expect(await verify({ claims: { nonce: 'n-2' } }, { nonce: 'n-1' })).toEqual(refused('another nonce'));
    expect(await verify({}, { nonce: 'n-1' })).toEqual(refused('another nonce'));
  });

  test('of the other provider is refused', async () => {
    const other = social === 'google' ? 'apple' : 'google';
    expect(await verifier.verify(claim(social, await world.token(other, { aud: AUDIENCE[social] })))).toMatchObject({ ok: false, code: 'social_sign_in_refused' });
  });

  test('is good with keys that are new at the provider, and no longer with those that are gone', async () => {
    const quick = world.verifier({ cooldownMs: 0 });
    const before = await world.token(social);
    expect(await quick.verify(claim(social, before))).toMatchObject({ ok: true });
    await world.rotate(social, true);
    expect(await quick.verify(claim(social, await world.token(social)))).toMatchObject({ ok: true });
    expect(await quick.verify(claim(social, before))).toMatchObject({ ok: true });
    await world.rotate(social);
    expect(await quick.verify(claim(social, await world.token(social)))).toMatchObject({ ok: true });
    expect(await quick.verify(claim(social, before))).toEqual(refused('not signed by'));
  });

  test('with unknown keys does not make us ask the provider again and again', async () => {
    const calm = world.verifier();
    await calm.verify(claim(social, await world.token(social)));
    const calls = (await world.calls())[social]!;
    const forged = await world.token(social);
    await world.rotate(social);
    const answers = await Promise.all(Array.from({ length: 20 }, async () => calm.verify(claim(social, await world.token(social)))));
    expect(answers.every(({ ok }) => !ok)).toBe(true);
    expect(await calm.verify(claim(social, forged))).toMatchObject({ ok: true });
    expect((await world.calls())[social]).toBe(calls);
  });

  test.each([500, 404, 302, 0])('can not be checked while the provider answers %s, which is not its holder’s fault', async (status) => {
    const fresh = world.verifier({ timeoutMs: 2_000 });
    const token = await world.token(social);
    await world.trouble(social, status);
    expect(await fresh.verify(claim(social, token))).toMatchObject({ ok: false, code: 'identity_unavailable' });
    await world.trouble(social, null);
    expect(await fresh.verify(claim(social, token))).toMatchObject({ ok: true });
  });

  test('is checked by the keys that are known while the provider is away', async () => {
    const warm = world.verifier();
    expect(await warm.verify(claim(social, await world.token(social)))).toMatchObject({ ok: true });
    const token = await world.token(social);
    await world.trouble(social, 0);
    expect(await warm.verify(claim(social, token))).toMatchObject({ ok: true });
  });
});

test('Apple signs with either kind of key; Google with RSA alone', async () => {
  const fresh = world.verifier();
  expect(await fresh.verify(claim('apple', await world.token('apple', { alg: 'ES256' })))).toMatchObject({ ok: true });
  expect(await fresh.verify(claim('apple', await world.token('apple', { alg: 'ES256', forgery: 'forged' })))).toEqual(refused('not signed by'));
});

test('A nonce of Apple’s that the app does not know is refused; Google’s SDK puts in its own', async () => {
  const fresh = world.verifier();
  expect(await fresh.verify(claim('apple', await world.token('apple', { claims: { nonce: 'n' } })))).toEqual(refused('has a nonce'));
  expect(await fresh.verify(claim('google', await world.token('google', { claims: { nonce: 'n' } })))).toMatchObject({ ok: true });
});

describe('A key set that is none', () => {
  let server: Server;
  let answer = { type: 'application/json', body: '' };
  beforeAll(
    () =>
      new Promise<void>((resolve) => {
        server = createServer((_, response) => response.writeHead(200, { 'content-type': answer.type }).end(answer.body)).listen(0, '127.0.0.1', resolve);
      }),
  );
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test.each<[string, string]>([
    ['no JSON', '<html>'],
    ['another JSON', '{"keys":7}'],
    ['longer than any', JSON.stringify({ keys: [{ kty: 'RSA', n: 'A'.repeat(400_000), e: 'AQAB' }] })],
    ['keys that are none', '{"keys":[{"kty":"RSA","kid":"google-1-RS256","alg":"RS256","n":"!","e":"!"}]}'],
  ])('(%s) lets nobody in', async (_, body) => {
    answer = { ...answer, body };
    const google = { clientIds: [AUDIENCE.google], jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
    expect(await world.verifier({ google, allowUnverified: true }).verify(claim('google', await world.token('google')))).toMatchObject({ ok: false });
  });
});

describe('Facebook', () => {
  const verify = async (draft: Parameters<IdentityWorld['facebookToken']>[0], over: Partial<ClaimedIdentity> = {}) =>
    verifier.verify(claim('facebook', await world.facebookToken(draft), { social_id: 'f1', ...over }));

  test('says whose a token is, and no more', async () => {
    expect(await verify({ user_id: 'f1' })).toEqual({ ok: true, identity: { social_id: 'f1', email: null, first_name: null, last_name: null, picture: null } });
    expect(await verify({ user_id: 'f1', expires_in_s: 0 })).toMatchObject({ ok: true });
  });

  test.each<[string, Parameters<IdentityWorld['facebookToken']>[0], string]>([
    ['of another app', { user_id: 'f1', app_id: '42' }, 'another app'],
    ['of somebody else', { user_id: 'f2' }, 'somebody else’s'],
    ['that has expired', { user_id: 'f1', expires_in_s: -5 }, 'not valid'],
    ['that was revoked', { user_id: 'f1', is_valid: false }, 'not valid'],
    ['of a page', { user_id: 'f1', type: 'PAGE' }, 'not a person’s'],
  ])('refuses a token %s', async (_, draft, words) => {
    expect(await verify(draft)).toEqual(refused(words));
  });

  test('refuses what is no token', async () => {
    expect(await verifier.verify(claim('facebook', 'EAAnothing&access_token=x', { social_id: 'f1' }))).toEqual(refused('not valid'));
  });

  test.each([500, 400, 0])('is not there while it answers %s', async (status) => {
    const token = await world.facebookToken({ user_id: 'f1' });
    await world.trouble('facebook', status);
    expect(await world.verifier({ timeoutMs: 300 }).verify(claim('facebook', token, { social_id: 'f1' }))).toMatchObject({ ok: false, code: 'identity_unavailable' });
  });

  test('tells nothing of our secret where it refuses it', async () => {
    const facebook = { ...world.options.facebook!, appId: FACEBOOK_APP_ID, appSecret: 'an old secret' };
    const answer = await world.verifier({ facebook }).verify(claim('facebook', await world.facebookToken({ user_id: 'f1' }), { social_id: 'f1' }));
    expect(answer).toMatchObject({ ok: false, code: 'identity_unavailable' });
    expect(JSON.stringify(answer)).not.toContain('old secret');
  });
});

describe('A provider that is not set up', () => {
  const off = { google: null, apple: null, facebook: null };
  test('lets nobody in', async () => {
    for (const social of ['google', 'apple', 'facebook'] as const)
      expect(await world.verifier(off).verify(claim(social, 'x'))).toEqual({ ok: false, code: 'social_sign_in_off', reason: social });
  });

  test('is believed where that was allowed, and only then, and only it', async () => {
    const loose = world.verifier({ facebook: null, allowUnverified: true });
    expect(await loose.verify(claim('facebook', '', { social_id: 'anyone', email: 'a@b.example' }))).toEqual({
      ok: true,
      identity: { social_id: 'anyone', email: 'a@b.example', first_name: null, last_name: null, picture: null },
    });
    expect(await loose.verify(claim('google', ''))).toMatchObject({ ok: false, code: 'social_sign_in_refused' });
    expect(await loose.verify(claim('apple', await world.token('apple', { forgery: 'forged' })))).toMatchObject({ ok: false, code: 'social_sign_in_refused' });
  });
});
