import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TIKTOK_SCOPES } from '../../domain/contracts/social-account.ts';
import { authorizeUrl, disabledFeatures, isOwnPage, missingScopes, ownPage, parseScopes } from '../../domain/publishing/oauth.ts';

const REQUEST = {
  auth_url: 'https://www.tiktok.com',
  client_key: 'aw123',
  redirect_uri: 'https://show.example/api/auth/tiktok/callback',
  scopes: ['user.info.basic', 'video.publish'],
  state: 'a.b-c_d~e+/=',
  code_challenge: 'f'.repeat(64),
};

describe('The consent page', () => {
  test('is asked for with TikTok’s own names', () => {
    const url = new URL(authorizeUrl(REQUEST));
    expect(url.origin + url.pathname).toBe('https://www.tiktok.com/v2/auth/authorize/');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_key: 'aw123',
      response_type: 'code',
      scope: 'user.info.basic,video.publish',
      redirect_uri: REQUEST.redirect_uri,
      state: REQUEST.state,
      code_challenge: REQUEST.code_challenge,
      code_challenge_method: 'S256',
    });
  });

  test('can be asked for without PKCE, and for a consent anew, on another server', () => {
    const url = new URL(authorizeUrl({ ...REQUEST, auth_url: 'http://127.0.0.1:4000/tiktok/', code_challenge: null, always_ask: true }));
    expect(url.origin + url.pathname).toBe('http://127.0.0.1:4000/tiktok/v2/auth/authorize/');
    expect(url.searchParams.has('code_challenge')).toBe(false);
    expect(url.searchParams.has('code_challenge_method')).toBe(false);
    expect(url.searchParams.get('disable_auto_auth')).toBe('1');
  });
});

describe('Scopes', () => {
  test('are read from TikTok’s comma list', () => {
    expect(parseScopes('user.info.basic,video.list')).toEqual(['user.info.basic', 'video.list']);
    expect(parseScopes(' user.info.basic, video.list ,,video.list')).toEqual(['user.info.basic', 'video.list']);
    expect(parseScopes('')).toEqual([]);
  });

  test('that were not granted are named with what they are good for', () => {
    expect(missingScopes(TIKTOK_SCOPES)).toEqual([]);
    expect(missingScopes(['video.list', 'something.new'])).toEqual(['user.info.basic', 'user.info.profile', 'user.info.stats', 'video.upload', 'video.publish']);
    expect(disabledFeatures(TIKTOK_SCOPES.filter((scope) => scope !== 'video.publish'))).toEqual([{ scope: 'video.publish', feature: 'direct posts' }]);
  });
});

describe('After consent the browser', () => {
  const PUBLIC = 'https://show.example';
  const CORS = ['https://console.example:8443', 'http://localhost:5173', '*', 'null'];

  test.each([
    ['/crm/social/tiktok', 'https://show.example/crm/social/tiktok'],
    ['/crm/social/tiktok?a=1#b', 'https://show.example/crm/social/tiktok?a=1#b'],
    ['crm', 'https://show.example/crm'],
    ['https://show.example/x', 'https://show.example/x'],
    ['https://SHOW.example:443/x', 'https://show.example/x'],
    ['https://console.example:8443/accounts', 'https://console.example:8443/accounts'],
    ['http://localhost:5173/', 'http://localhost:5173/'],
  ])('may go to %s', (redirectTo, page) => {
    expect(ownPage(redirectTo, PUBLIC, CORS)).toBe(page);
  });

  test.each([
    'https://evil.example/',
    '//evil.example/x',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    'https:evil.example',
    'https://show.example.evil.example/',
    'https://show.example@evil.example/',
    'https://user:pass@show.example/',
    'https://user@show.example/',
    'http://show.example/',
    'https://show.example:8443/',
    'https://console.example/',
    'javascript:alert(1)',
    'data:text/html,x',
    'blob:https://show.example/x',
    'file:///etc/passwd',
    'https://',
    `/${'a'.repeat(2_001)}`,
  ])('may not go to %s', (redirectTo) => {
    if (redirectTo === 'https:evil.example') return expect(ownPage(redirectTo, PUBLIC, CORS)).toBe('https://show.example/evil.example');
    expect(isOwnPage(redirectTo, PUBLIC, CORS)).toBe(false);
  });

  test('never leaves the own origins, whatever is asked for', () => {
    const piece = fc.constantFrom('/', '\\', '@', ':', '.', '#', '?', '\t', '\n', ' ', 'https:', 'http:', 'evil.example', 'show.example', 'javascript:', '%2f', '//');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')), (redirectTo) => {
        const page = ownPage(redirectTo, PUBLIC, []);
        if (page !== null) expect(new URL(page).origin).toBe(PUBLIC);
      }),
      { numRuns: 2_000 },
    );
  });
});
