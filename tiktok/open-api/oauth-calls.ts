import type { OpenApiResult } from '../../domain/contracts/open-api.ts';
import type { Caller } from './caller.ts';
import type { OpenApiClient } from './client.ts';
import { nothingSchema, tokenGrantSchema } from './schemas.ts';

type OAuthCalls = Pick<OpenApiClient, 'exchangeCode' | 'refresh' | 'revoke'>;

/** https://developers.tiktok.com/doc/oauth-user-access-token-management */
export function createOAuthCalls(call: Caller, app: { readonly client_key: string; readonly client_secret: string }): OAuthCalls {
  const credentials = { client_key: app.client_key, client_secret: app.client_secret };
  return {
    exchangeCode: ({ code, code_verifier, redirect_uri }, signal) =>
      call({
        kind: 'oauth',
        path: '/v2/oauth/token/',
        form: { ...credentials, code, grant_type: 'authorization_code', redirect_uri, ...(code_verifier === null ? {} : { code_verifier }) },
        schema: tokenGrantSchema,
        once: true,
        signal,
      }),
    async refresh(refreshToken, signal) {
      const form = { ...credentials, grant_type: 'refresh_token', refresh_token: refreshToken };
      return withoutConsent(await call({ kind: 'oauth', path: '/v2/oauth/token/', form, schema: tokenGrantSchema, once: true, signal }));
    },
    revoke: (accessToken, signal) =>
      call({ kind: 'oauth', path: '/v2/oauth/revoke/', form: { ...credentials, token: accessToken }, schema: nothingSchema, once: false, signal }),
  };
}

/** A refresh token that TikTok takes no more is the end of the consent; any other refusal is not. */
function withoutConsent<T>(result: OpenApiResult<T>): OpenApiResult<T> {
  return !result.ok && result.tiktok_code === 'invalid_grant' ? { ...result, code: 'reconnect_needed', retryable: false } : result;
}
