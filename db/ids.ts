import { createHash } from 'node:crypto';
import { v7 } from 'uuid';

/** UUIDv7: sorts by the time it was made, and within one process by the order it was made in. */
export const newId = (): string => v7();

/** The id of what this text names: a UUID (version 8, RFC 9562) that all processes make alike. */
export function stableId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
