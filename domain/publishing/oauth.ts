import { FEATURE_OF_SCOPE, TIKTOK_SCOPES, type TikTokScope } from '../contracts/social-account.ts';

const MAX_URL_LENGTH = 2_000;

export interface AuthorizeRequest {
  /** Where TikTok's consent page is: https://www.tiktok.com, or another server's base URL. */
  auth_url: string;
  client_key: string;
  redirect_uri: string;
  scopes: readonly string[];
  state: string;
  /** TikTok's PKCE: SHA-256 of the verifier in lower-case hex, not base64url; null: without PKCE. */
  code_challenge: string | null;
  /** Ask for consent even where it was given before: needed to add scopes or to take another account. */
  always_ask?: boolean;
}

/** TikTok's consent page for this request: https://developers.tiktok.com/doc/login-kit-web. */
export function authorizeUrl({ auth_url, client_key, redirect_uri, scopes, state, code_challenge, always_ask = false }: AuthorizeRequest): string {
  const url = new URL(`${auth_url.replace(/\/+$/, '')}/v2/auth/authorize/`);
  const params = {
    client_key,
    response_type: 'code',
    scope: scopes.join(','),
    redirect_uri,
    state,
    ...(code_challenge === null ? {} : { code_challenge, code_challenge_method: 'S256' }),
    ...(always_ask ? { disable_auto_auth: '1' } : {}),
  };
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  return url.href;
}

/** Scopes from the comma list of a token response or of the return from the consent page. */
export const parseScopes = (list: string): string[] => [...new Set(list.split(/[\s,]+/).filter((scope) => scope !== ''))];

/** Scopes that we ask for and that the person did not grant. */
export const missingScopes = (granted: readonly string[]): TikTokScope[] => TIKTOK_SCOPES.filter((scope) => !granted.includes(scope));

/** What the account can not be used for, in words. */
export const disabledFeatures = (granted: readonly string[]): { scope: TikTokScope; feature: string }[] =>
  missingScopes(granted).map((scope) => ({ scope, feature: FEATURE_OF_SCOPE[scope] }));

/**
 * Where the browser may be sent after consent: a page of ours, that is of PUBLIC_URL's origin or one that may call the API by CORS.
 * A path counts from PUBLIC_URL.
 * @returns the whole URL as it is to be sent, or null where it leads elsewhere
 */
export function ownPage(redirectTo: string, publicUrl: string, corsOrigins: readonly string[]): string | null {
  if (redirectTo.length > MAX_URL_LENGTH || !URL.canParse(redirectTo, publicUrl)) return null;
  const page = new URL(redirectTo, publicUrl);
  if (!['http:', 'https:'].includes(page.protocol) || page.username !== '' || page.password !== '') return null;
  const own = [publicUrl, ...corsOrigins].filter((url) => URL.canParse(url)).map((url) => new URL(url).origin);
  return own.includes(page.origin) ? page.href : null;
}

/** Whether `redirectTo` is a page of ours: see ownPage. */
export const isOwnPage = (redirectTo: string, publicUrl: string, corsOrigins: readonly string[]): boolean =>
  ownPage(redirectTo, publicUrl, corsOrigins) !== null;
