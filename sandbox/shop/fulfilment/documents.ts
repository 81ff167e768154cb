import { randomBytes } from 'node:crypto';
import { BoundedMap } from '../../open-api/state/bounded-map.ts';
import type { Clock } from '../../open-api/state/clock.ts';

const MAX_DOCUMENTS = 5_000;

/** Files that a signed call gave an address of; whoever has the address gets the file, until it expires. */
export interface Documents {
  /** @returns the name under /shop-documents/ */
  put(lines: readonly string[], lifetimeMs: number): string;
  /** null: unknown or expired. */
  get(name: string): readonly string[] | null;
  reset(): void;
}

export function createDocuments(clock: Clock): Documents {
  const documents = new BoundedMap<string, { lines: readonly string[]; expires_ms: number }>(MAX_DOCUMENTS);
  return {
    put: (lines, lifetimeMs) => {
      const name = `${randomBytes(18).toString('base64url')}.pdf`;
      documents.set(name, { lines, expires_ms: clock.now() + lifetimeMs });
      return name;
    },
    get: (name) => {
      const found = documents.get(name);
      return found && found.expires_ms > clock.now() ? found.lines : null;
    },
    reset: () => documents.clear(),
  };
}
