import ipaddr from 'ipaddr.js';
import type { Context } from 'hono';
import { forwardedAddress } from '../domain/forwarded-address.ts';
import type { AppEnv } from './context.ts';

/** Where a request comes from, as one address; null: not known. */
export function remoteAddress(c: Context<AppEnv>): string | null {
  const { trustedProxies } = c.get('deps').config;
  const address = forwardedAddress(c.req.header('x-forwarded-for'), c.env?.incoming?.socket.remoteAddress, trustedProxies);
  return address && ipaddr.isValid(address) ? ipaddr.process(address).toString() : null;
}

/** Whom a rate limit counts: the IPv4 address, or the /64 of an IPv6 one, of which one subscriber has 2^64 addresses. */
export function clientAddress(c: Context<AppEnv>): string {
  const address = remoteAddress(c);
  return address === null ? 'unknown' : network(address);
}

function network(address: string): string {
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString();
}
