import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SANDBOX_APP } from '../../domain/sandbox-app.ts';
import { ALL_SCOPES, authorizeFields, challengeOf, OpenApiSandbox } from '../helpers/open-api-sandbox.ts';

const REDIRECT = authorizeFields().redirect_uri;
const LOG_ID = /^\d{14}[0-9A-F]{20}$/;

let tiktok: OpenApiSandbox;
beforeAll(async () => {
  tiktok = await OpenApiSandbox.start();
});
beforeEach(() => tiktok.control('POST', '/reset'));
afterAll(() => tiktok.close());

const autoConsent = (auto: object | null) => tiktok.settings({ consent: { auto } });
/** Goes through the consent page as an account that says yes to all. */
async function codeFor(username: string, fields: Record<string, string> = {}): Promise<string> {
  await autoConsent({ username });
  const { headers } = await tiktok.authorize(fields);
  return new URL(headers.get('location') ?? '').searchParams.get('code') ?? '';
}
const exchange = (code: string, fields: Record<string, string> = {}) =>
  tiktok.token({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT, ...fields });

describe('the consent page', () => {
  test('lists the accounts and the scopes that are asked for, and escapes what it was sent', async () => {
    const { status, text } = await tiktok.authorize({ scope: 'user.info.basic,video.list', state: '"><script>' });
    expect(status).toBe(200);
    expect(text).toContain('value="showrunner_demo"');
    expect([...text.matchAll(/name="scope" value="([^"]+)" checked/g)].map(([, scope]) => scope)).toEqual(['user.info.basic', 'video.list']);
    expect(text).not.toContain('<script>');
  });

  test('sends an approving creator back with code, scopes and the state as it was; a part of the scopes is enough', async () => {
    const request = new URLSearchParams(authorizeFields()).toString();
    const form = new URLSearchParams({ request, username: 'cafe_nordlicht', decision: 'approve' });
    for (const scope of ['user.info.basic', 'video.publish']) form.append('scope', scope);
    const { status, headers } = await tiktok.send('POST', '/v2/auth/authorize/decision', { body: form });
    const target = new URL(headers.get('location') ?? '');
    expect([status, target.origin + target.pathname, target.searchParams.get('scopes'), target.searchParams.get('state')]).toEqual([
      302,
      REDIRECT,
      'user.info.basic,video.publish',
      'a state & more',
    ]);
    const { json } = await exchange(target.searchParams.get('code') ?? '');
    expect(json.scope).toBe('user.info.basic,video.publish');
  });

  test.each([
    [{ client_key: 'wrong' }, 'client_key'],
    [{ response_type: 'token' }, 'response_type'],
    [{ redirect_uri: 'https://evil.example/callback' }, 'redirect_uri'],
    [{ redirect_uri: 'http://127.0.0.1:8080/callback?next=1' }, 'redirect_uri'],
    [{ redirect_uri: 'http://127.0.0.1:8080/callback#' }, 'redirect_uri'],
    [{ scope: 'user.info.basic video.list' }, 'scope'],
    [{ scope: 'everything' }, 'scope'],
    [{ code_challenge: 'ab', code_challenge_method: 'plain' }, 'code_challenge_method'],
    [{ code_challenge: '' }, 'code_challenge'],
  ])('answers %j with an error page that names %s, and redirects nowhere', async (fields, field) => {
    const { status, headers, text } = await tiktok.authorize(fields);
    expect([status, headers.get('location')]).toEqual([400, null]);
    expect(text).toContain(`<li id="field">${field}</li>`);
  });

  test('names a scope that is not enabled for the app, and takes a redirect URI once it is registered', async () => {
    await tiktok.settings({ app: { scopes: ['user.info.basic'], redirect_uris: ['https://app.example/callback'] } });
    expect((await tiktok.authorize({ scope: 'video.publish' })).text).toContain('<li id="field">scope</li>');
    expect((await tiktok.authorize({ scope: 'user.info.basic', redirect_uri: 'https://app.example/callback' })).status).toBe(200);
    expect((await tiktok.authorize({ scope: 'user.info.basic', redirect_uri: 'https://app.example/callback/' })).status).toBe(400);
  });

  test('demands a code_challenge only where the switch says so', async () => {
    expect((await tiktok.authorize({})).status).toBe(200);
    await tiktok.settings({ consent: { require_pkce: true } });
    expect((await tiktok.authorize({})).text).toContain('<li id="field">code_challenge</li>');
  });

  test.each([
    [{ username: 'cafe_nordlicht', decision: 'deny' }, { error: 'access_denied', error_type: null }],
    [{ username: 'outsider_olaf' }, { error: 'access_denied', error_type: 'non_sandbox_target' }],
  ])('sends %j back with error keys', async (auto, expected) => {
    await autoConsent(auto);
    const { searchParams } = new URL((await tiktok.authorize({})).headers.get('location') ?? '');
    expect({ error: searchParams.get('error'), error_type: searchParams.get('error_type') }).toEqual(expected);
    expect([searchParams.get('state'), searchParams.get('code')]).toEqual(['a state & more', null]);
    expect(searchParams.get('error_description')).toBeTruthy();
  });

  test('an account may grant less than it is asked for, by itself or by order', async () => {
    await autoConsent({ username: 'partial_pat' });
    expect(new URL((await tiktok.authorize({})).headers.get('location') ?? '').searchParams.get('scopes')).toBe('user.info.basic,video.list');
    await autoConsent({ username: 'cafe_nordlicht', scopes: ['user.info.basic'] });
    expect(new URL((await tiktok.authorize({})).headers.get('location') ?? '').searchParams.get('scopes')).toBe('user.info.basic');
  });

  test('disable_auto_auth=0 skips the page for a creator who consented already, 1 does not', async () => {
    await tiktok.control('POST', '/accounts/cafe_nordlicht/grant');
    const cookie = 'tiktok_sandbox_session=cafe_nordlicht';
    expect((await tiktok.authorize({ disable_auto_auth: '0' }, cookie)).status).toBe(302);
    expect((await tiktok.authorize({ disable_auto_auth: '1' }, cookie)).status).toBe(200);
    expect((await tiktok.authorize({ disable_auto_auth: '0' }, 'tiktok_sandbox_session=quiet_quentin')).status).toBe(200);
  });
});

describe('the token endpoint', () => {
  test('gives a flat body for a code, with lifetimes of the strict profile, and the code works once', async () => {
    const code = await codeFor('cafe_nordlicht');
    const { status, json } = await exchange(code);
    expect(status).toBe(200);
    expect(json).toEqual({
      access_token: expect.stringMatching(/^act\./),
      expires_in: 7_200,
      open_id: expect.stringMatching(/^-000/),
      refresh_expires_in: 15_552_000,
      refresh_token: expect.stringMatching(/^rft\./),
      scope: ALL_SCOPES.join(','),
      token_type: 'Bearer',
    });
    expect((await exchange(code)).json).toEqual({ error: 'invalid_grant', error_description: 'Authorization code is expired.', log_id: expect.stringMatching(LOG_ID) });
  });

  test('a code dies after its lifetime', async () => {
    const code = await codeFor('cafe_nordlicht');
    await tiktok.advance(300_001);
    expect((await exchange(code)).json.error).toBe('invalid_grant');
  });

  test('a code must come with the redirect URI it was given for', async () => {
    const { status, json } = await exchange(await codeFor('cafe_nordlicht'), { redirect_uri: `${REDIRECT}/` });
    expect([status, json.error, json.error_description]).toEqual([400, 'invalid_request', 'Redirect_uri is not matched with the uri when requesting code.']);
  });

  test('PKCE is the hex SHA-256: base64url passes the consent page and fails here', async () => {
    const verifier = 'v'.repeat(43);
    const withChallenge = (encoding: 'hex' | 'base64url') =>
      codeFor('cafe_nordlicht', { code_challenge: challengeOf(verifier, encoding), code_challenge_method: 'S256' });
    expect((await exchange(await withChallenge('hex'), { code_verifier: verifier })).json.token_type).toBe('Bearer');
    const wrong = { error: 'invalid_request', error_description: 'Code verifier or code challenge is invalid.' };
    expect((await exchange(await withChallenge('base64url'), { code_verifier: verifier })).json).toMatchObject(wrong);
    expect((await exchange(await withChallenge('hex'), { code_verifier: `${verifier}x` })).json).toMatchObject(wrong);
    expect((await exchange(await withChallenge('hex'))).json).toMatchObject(wrong);
    expect((await exchange(await codeFor('cafe_nordlicht'), { code_verifier: verifier })).json.token_type).toBe('Bearer');
  });

  test('takes forms only, and names what is missing or wrong', async () => {
    const json = await tiktok.send('POST', '/v2/oauth/token/', { body: '{}', headers: { 'content-type': 'application/json' } });
    expect(json.json).toMatchObject({ error: 'invalid_request', error_description: 'The request parameters are malformed.' });
    expect((await tiktok.form('/v2/oauth/token/', { client_key: SANDBOX_APP.client_key })).json.error_description).toBe('Client secret is missed in request.');
    expect((await tiktok.token({ client_secret: 'wrong', grant_type: 'refresh_token' })).json.error).toBe('invalid_client');
    expect((await tiktok.token({ grant_type: 'password' })).json.error).toBe('unsupported_grant_type');
    expect((await tiktok.token({ grant_type: 'refresh_token' })).json.error).toBe('invalid_request');
    expect((await tiktok.token({ grant_type: 'client_credentials' })).json).toEqual({ access_token: expect.stringMatching(/^clt\./), expires_in: 7_200, token_type: 'Bearer' });
  });

  test('strict: each refresh gives a new refresh token, and the one that was sent is dead', async () => {
    const first = await tiktok.account();
    const second = (await tiktok.refresh(first.refresh_token)).json;
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect([second.expires_in, second.refresh_expires_in]).toEqual([7_200, 15_552_000]);
    const replay = await tiktok.refresh(first.refresh_token);
    expect([replay.status, replay.json.error, replay.json.error_description]).toEqual([400, 'invalid_grant', 'Refresh token is invalid or expired.']);
    expect((await tiktok.refresh(second.refresh_token)).status).toBe(200);
    const { counts } = await tiktok.control('GET', `/accounts/${first.username}`);
    expect(counts).toMatchObject({ refreshes: 2, replayed_refreshes: 1, calls: { '/v2/oauth/token/': { all: 3, ok: 2 } } });
  });

  test('legacy: the refresh token stays, and lives as long as it was given', async () => {
    await tiktok.settings({ tokens: { profile: 'legacy', extend: false } });
    const first = await tiktok.account();
    expect([first.expires_in, first.refresh_expires_in]).toEqual([86_400, 31_536_000]);
    await tiktok.advance(86_400_000);
    const { json } = await tiktok.refresh(first.refresh_token);
    expect([json.refresh_token, json.expires_in]).toEqual([first.refresh_token, 86_400]);
    expect(Math.abs(json.refresh_expires_in - 31_449_600)).toBeLessThan(60);
    expect((await tiktok.refresh(first.refresh_token)).status).toBe(200);
  });

  test('100 refreshes of one token at once: one wins', async () => {
    const { refresh_token } = await tiktok.account();
    const replies = await Promise.all(Array.from({ length: 100 }, () => tiktok.refresh(refresh_token)));
    expect(replies.filter(({ json }) => json.error === undefined)).toHaveLength(1);
  });

  test('within the grace a replayed refresh token gives the same pair again', async () => {
    await tiktok.settings({ tokens: { replay_grace_ms: 60_000 } });
    const { refresh_token } = await tiktok.account();
    const [first, again] = [(await tiktok.refresh(refresh_token)).json, (await tiktok.refresh(refresh_token)).json];
    expect(again.refresh_token).toBe(first.refresh_token);
    await tiktok.advance(60_001);
    expect((await tiktok.refresh(refresh_token)).json.error).toBe('invalid_grant');
  });

  test('the previous access token lives on, unless the switch says otherwise', async () => {
    const old = await tiktok.account();
    const next = (await tiktok.refresh(old.refresh_token)).json;
    expect((await tiktok.user(old.access_token, 'open_id')).status).toBe(200);
    await tiktok.settings({ tokens: { previous_access_dies: true } });
    const newest = (await tiktok.refresh(next.refresh_token)).json;
    expect((await tiktok.user(next.access_token, 'open_id')).status).toBe(401);
    expect((await tiktok.user(newest.access_token, 'open_id')).status).toBe(200);
  });

  test('errors come with 200 where the switch says so', async () => {
    await tiktok.settings({ tokens: { error_status: 200 } });
    const { status, json } = await tiktok.refresh('rft.unknown');
    expect([status, json.error, typeof json.error]).toEqual([200, 'invalid_grant', 'string']);
  });

  test('access and refresh tokens expire by time and by order', async () => {
    const byTime = await tiktok.account();
    await tiktok.advance(7_200_000);
    expect((await tiktok.user(byTime.access_token, 'open_id')).status).toBe(401);
    expect((await tiktok.refresh(byTime.refresh_token)).status).toBe(200);
    const byOrder = await tiktok.account();
    await tiktok.control('POST', `/accounts/${byOrder.username}/expire`, { which: 'both' });
    expect((await tiktok.user(byOrder.access_token, 'open_id')).status).toBe(401);
    expect((await tiktok.refresh(byOrder.refresh_token)).json.error).toBe('invalid_grant');
  });
});

describe('revoking', () => {
  const revoke = (token: string) => tiktok.form('/v2/oauth/revoke/', { ...SANDBOX_APP, token });

  test('ends every token of the account and tells the webhook with reason 5', async () => {
    const account = await tiktok.account();
    const second = await tiktok.control('POST', `/accounts/${account.username}/grant`);
    const answer = await revoke(account.access_token);
    expect([answer.status, answer.text]).toEqual([200, '{}']);
    for (const token of [account.access_token, second.access_token]) expect((await tiktok.user(token, 'open_id')).status).toBe(401);
    expect((await tiktok.refresh(second.refresh_token)).json.error).toBe('invalid_grant');
    const { deliveries } = await tiktok.control('GET', `/webhooks?username=${account.username}`);
    expect(deliveries).toHaveLength(1);
    const body = JSON.parse(deliveries[0].body);
    expect([body.event, body.user_openid, JSON.parse(body.content)]).toEqual(['authorization.removed', account.open_id, { reason: 5 }]);
  });

  test('a dead token and a wrong secret are refused', async () => {
    const account = await tiktok.account();
    expect((await tiktok.form('/v2/oauth/revoke/', { ...SANDBOX_APP, client_secret: 'x', token: account.access_token })).json.error).toBe('invalid_client');
    await revoke(account.access_token);
    expect((await revoke(account.access_token)).json.error).toBe('invalid_grant');
  });

  test('a creator who removes the app in TikTok kills the tokens too', async () => {
    const account = await tiktok.account();
    expect(await tiktok.control('POST', `/accounts/${account.username}/disconnect`)).toEqual({ had_consent: true });
    expect((await tiktok.user(account.access_token, 'open_id')).json).toMatchObject({ data: {}, error: { code: 'access_token_invalid' } });
    expect(await tiktok.control('POST', `/accounts/${account.username}/disconnect`)).toEqual({ had_consent: false });
  });
});
