import ipaddr from 'ipaddr.js';
import type { Context } from 'hono';
import type { AppEnv } from './context.ts';

/**
 * Whom a rate limit counts: the IPv4 address, or the /64 of an IPv6 one, of which one subscriber has 2^64 addresses.
 * Behind `trustedProxies` proxies the address stands so far from the right of X-Forwarded-For; what is left of it is the caller's word.
 */
export function clientAddress(c: Context<AppEnv>): string {
  const { trustedProxies } = c.get('deps').config;
  const forwarded = (c.req.header('x-forwarded-for') ?? '').split(',').map((entry) => entry.trim());
  const address = trustedProxies > 0 ? forwarded.at(-trustedProxies) : c.env?.incoming?.socket.remoteAddress;
  return address && ipaddr.isValid(address) ? network(address) : 'unknown';
}

function network(address: string): string {
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString();
}
