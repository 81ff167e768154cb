import { randomBytes } from 'node:crypto';
import { BoundedMap } from '../../open-api/state/bounded-map.ts';
import type { Clock } from '../../open-api/state/clock.ts';

const MAX_TOKENS = 20_000;
/** Base64 of these three is `/++/`: with the padding, all three signs that a careless client fails to encode. */
const AWKWARD = Buffer.from([0xff, 0xef, 0xbf]);

/** Where a listing goes on: after the item with this sort value and this id. */
export interface Position {
  value: number;
  id: string;
}

export interface PageTokens {
  /** @param listing shop, endpoint, filter and order: a token is good for its own listing alone */
  create(listing: string, after: Position, lifetimeMs: number): string;
  /** null: TikTok does not know it, or no more. */
  find(token: string, listing: string): Position | null;
  /** Every living token ends now; says how many. */
  expireAll(): number;
  reset(): void;
}

export function createPageTokens(clock: Clock): PageTokens {
  const tokens = new BoundedMap<string, { listing: string; after: Position; expires_ms: number }>(MAX_TOKENS);
  return {
    create: (listing, after, lifetimeMs) => {
      const token = Buffer.concat([AWKWARD, randomBytes(16)]).toString('base64');
      tokens.set(token, { listing, after, expires_ms: clock.now() + lifetimeMs });
      return token;
    },
    find: (token, listing) => {
      const found = tokens.get(token);
      return found && found.listing === listing && found.expires_ms > clock.now() ? found.after : null;
    },
    expireAll: () => {
      const count = tokens.size;
      tokens.clear();
      return count;
    },
    reset: () => tokens.clear(),
  };
}
