import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Global unicast; everything else in IPv6 is local, reserved or a way to carry an IPv4 address past a filter. */
const IPV6_GLOBAL = ipaddr.IPv6.parseCIDR('2000::/3');
/** Azure answers machines' metadata at a public address. */
const METADATA = new Set(['168.63.129.16']);

/**
 * Does an address belong to a host on the public internet? Private, loopback, link-local, CGNAT, multicast, reserved,
 * metadata, IPv4-mapped, NAT64, 6to4 and Teredo addresses do not.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address) || METADATA.has(address)) return false;
  const parsed = ipaddr.parse(address);
  return parsed.range() === 'unicast' && (parsed instanceof ipaddr.IPv4 || parsed.match(IPV6_GLOBAL));
}

export class PrivateAddressError extends Error {
  readonly code = 'ERR_PRIVATE_ADDRESS';

  constructor(host: string, address: string) {
    super(host === address ? `${host} is a private address.` : `${host} leads to the private address ${address}.`);
    this.name = 'PrivateAddressError';
  }
}

/** All addresses of a name. */
export type ResolveHost = (hostname: string) => Promise<LookupAddress[]>;

export const resolveByDns: ResolveHost = (hostname) =>
  new Promise((resolve, reject) => {
    dnsLookup(hostname, { all: true, verbatim: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });

/**
 * The one look-up of a connection: what it vets is what the socket connects to, so a name that changes its mind in
 * between (DNS rebinding) gains nothing. One private address among several refuses the name.
 */
export function guardedLookup(resolve: ResolveHost, isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const offending = addresses.find(({ address }) => !isAllowed(address));
        const first = addresses[0];
        if (offending) callback(new PrivateAddressError(hostname, offending.address), '', 0);
        else if (!first) callback(Object.assign(new Error(`${hostname} has no address.`), { code: 'ENOTFOUND' }), '', 0);
        else if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

/** A socket does not look literal addresses up, so they are vetted before. @param hostname as in a URL: IPv6 in brackets */
export function assertAllowedLiteral(hostname: string, isAllowed: (address: string) => boolean): void {
  const bare = hostname.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0 && !isAllowed(bare)) throw new PrivateAddressError(bare, bare);
}
