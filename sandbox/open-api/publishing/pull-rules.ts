import { ApiFault } from '../wire/answers.ts';
import { invalidParams } from '../wire/api-endpoint.ts';
import type { World } from '../world.ts';

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Whether TikTok would pull from a URL: verified domain (with its sub-domains) or URL prefix, https, a name and not an address.
 * Loopback addresses are let through over plain http: offline there is nothing else. @throws ApiFault
 */
export function demandPullable(world: World, given: string): void {
  if (!URL.canParse(given)) throw invalidParams('The URL is invalid');
  const { protocol, hostname } = new URL(given);
  const isLoopback = LOOPBACK.includes(hostname);
  const { domains, prefixes } = world.settings.current.pull;
  const isVerified = domains.some((domain) => hostname === domain || hostname.endsWith(`.${domain}`)) || prefixes.some((prefix) => given.startsWith(prefix));
  if (!isVerified) {
    throw new ApiFault(403, 'url_ownership_unverified', 'Please review our URL ownership verification rules.', { data: 'absent' });
  }
  if (isLoopback ? !/^https?:$/.test(protocol) : protocol !== 'https:' || isAddress(hostname)) throw invalidParams('The URL must be https, with a domain name');
}

const isAddress = (hostname: string): boolean => hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
