/** Names of layers that are in use, smallest first. */
const KNOWN_ORDERS = [
  ['q', 'h', 'f'],
  ['l', 'm', 'h'],
  ['low', 'mid', 'high'],
  ['low', 'medium', 'high'],
  ['0', '1', '2', '3'],
] as const;

/**
 * mediasoup wants the smallest layer first, and SDP does not say which that is. Names that are known tell it; others stay as they are,
 * since most senders list the smallest first.
 */
export function ascendingRids(rids: readonly string[]): string[] {
  const order: readonly string[] | undefined = KNOWN_ORDERS.find((known) => rids.every((rid) => (known as readonly string[]).includes(rid)));
  return order ? rids.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)) : [...rids];
}
