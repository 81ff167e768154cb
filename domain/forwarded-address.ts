/**
 * Who called: the socket's address, or, behind so many trusted proxies, what stands so far from the right of X-Forwarded-For; what is
 * left of it is the caller's word.
 */
export function forwardedAddress(header: string | undefined, peer: string | undefined, trustedProxies: number): string | null {
  const forwarded = (header ?? '').split(',').map((entry) => entry.trim());
  return (trustedProxies > 0 ? forwarded.at(-trustedProxies) : peer) || null;
}
