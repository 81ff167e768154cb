import type { Settings } from '../state/settings-schema.ts';
import { SCOPES } from '../state/settings-schema.ts';

/** What the consent page is asked for, checked. */
export interface AuthorizeRequest {
  redirect_uri: string;
  scopes: string[];
  state: string | null;
  challenge: string | null;
  /** `disable_auto_auth=0`: a creator with a session and the same consent is not asked again. */
  may_skip: boolean;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const MAX_REDIRECT_URI = 512;

/**
 * The checks of https://developers.tiktok.com/doc/login-kit-web, in the order in which TikTok's error page names them.
 * @returns the request, or the name of the field that is wrong
 */
export function readAuthorizeRequest(query: URLSearchParams, { app, consent }: Settings): AuthorizeRequest | { fault: string } {
  const fault = (field: string): { fault: string } => ({ fault: field });
  if (query.get('client_key') !== app.client_key) return fault('client_key');
  if (query.get('response_type') !== 'code') return fault('response_type');
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!isAllowedRedirect(redirectUri, app.redirect_uris)) return fault('redirect_uri');
  const scopes = (query.get('scope') ?? '').split(',');
  if (scopes.some((scope) => !SCOPES.some((known) => known === scope) || !app.scopes.some((enabled) => enabled === scope))) return fault('scope');
  const challenge = query.get('code_challenge');
  if (challenge === '' || (challenge === null && consent.require_pkce)) return fault('code_challenge');
  if (challenge !== null && query.get('code_challenge_method') !== 'S256') return fault('code_challenge_method');
  return {
    redirect_uri: redirectUri,
    // Login Kit adds it by itself.
    scopes: [...new Set(['user.info.basic', ...scopes])],
    state: query.get('state'),
    challenge,
    may_skip: query.get('disable_auto_auth') === '0',
  };
}

function isAllowedRedirect(uri: string, registered: readonly string[]): boolean {
  if (registered.includes(uri)) return true;
  if (uri.length >= MAX_REDIRECT_URI || !URL.canParse(uri)) return false;
  const { protocol, hostname, search, hash } = new URL(uri);
  return (protocol === 'http:' || protocol === 'https:') && LOOPBACK.includes(hostname) && search === '' && hash === '' && !uri.includes('#');
}
