import { getWebConfig, getRandomPresets } from 'tiktok-live-connector';

const { SESSION_COOKIE_NAMES, TARGET_IDC_COOKIE_NAME, DEFAULT_HTTP_CLIENT_HEADERS } = getWebConfig(getRandomPresets());
const DEFAULT_TARGET_IDC = DEFAULT_HTTP_CLIENT_HEADERS.Cookie.split('=')[1] ?? '';

/**
 * A person's session cookie as the pairs of a Cookie header: either the bare value of `sessionid`, or pairs as a browser shows them.
 * Whatever could end the header and begin another is left out.
 */
export function sessionCookies(given: string | null): string[] {
  const clean = given?.replaceAll(/[^\x20-\x7e]/g, '').trim();
  if (!clean) return [];
  const pairs = clean.includes('=')
    ? clean.split(';').map((pair) => pair.trim())
    : SESSION_COOKIE_NAMES.map((name: string) => `${name}=${clean}`);
  const named = pairs.filter((pair) => /^[^=;,\s]+=[^;]*$/.test(pair));
  if (!named.some((pair) => pair.startsWith(`${TARGET_IDC_COOKIE_NAME}=`))) named.push(`${TARGET_IDC_COOKIE_NAME}=${DEFAULT_TARGET_IDC}`);
  return named;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export const isLoopback = (url: URL): boolean => LOOPBACK.test(url.hostname);

/** A session goes over TLS, or stays on this machine. */
export const mayCarrySession = (url: URL): boolean => url.protocol === 'https:' || url.protocol === 'wss:' || isLoopback(url);

const SHORTEST_SECRET = 4;

/** Takes secrets out of what others wrote, since an answer may quote what it was sent; also cuts it to a length that people read. */
export function redactor(secrets: (string | null | undefined)[]): (text: string) => string {
  const parts = secrets
    .filter((secret): secret is string => Boolean(secret))
    .flatMap((secret) => [secret, ...secret.split(';').map((pair) => pair.slice(pair.indexOf('=') + 1).trim())])
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  return (text) => parts.reduce((left, secret) => left.replaceAll(secret, '[redacted]'), text).slice(0, 500);
}
