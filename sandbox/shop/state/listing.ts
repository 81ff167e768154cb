import { BoundedMap } from '../../open-api/state/bounded-map.ts';
import type { PageQuery } from '../wire/fields.ts';
import type { PageTokens, Position } from './page-tokens.ts';

const MAX_SORTED = 50;

export interface Listed {
  id: string;
}
interface Listing<T> {
  /** Shop, endpoint, filter, order. */
  key: string;
  /** Rises when anything of it may have changed. */
  version: number;
  items: () => T[];
  value: (item: T) => number;
  descending: boolean;
}
export interface Paged<T> {
  total_count: number;
  items: T[];
  /** undefined: the last page. */
  next_page_token: string | undefined;
}

/** Pages by position, not by number: what moves meanwhile is seen again or later, and nothing is skipped. */
export interface Pager {
  /** null: the page token is not good. */
  page<T extends Listed>(listing: Listing<T>, query: PageQuery): Paged<T> | null;
  reset(): void;
}

const compare = (a: Position, b: Position): number => a.value - b.value || (a.id < b.id ? -1 : Number(a.id > b.id));

export function createPager(tokens: PageTokens, lifetimeMs: () => number): Pager {
  const sorted = new BoundedMap<string, { version: number; rows: { at: Position; item: Listed }[] }>(MAX_SORTED);
  const rowsOf = <T extends Listed>({ key, version, items, value, descending }: Listing<T>) => {
    const known = sorted.get(key);
    if (known?.version === version) return known.rows;
    const rows = items()
      .map((item) => ({ at: { value: value(item), id: item.id }, item: item as Listed }))
      .sort((a, b) => (descending ? compare(b.at, a.at) : compare(a.at, b.at)));
    sorted.set(key, { version, rows });
    return rows;
  };
  return {
    page: <T extends Listed>(listing: Listing<T>, { page_size, page_token }: PageQuery): Paged<T> | null => {
      const rows = rowsOf(listing);
      let first = 0;
      if (page_token) {
        const after = tokens.find(page_token, listing.key);
        if (!after) return null;
        const found = rows.findIndex(({ at }) => (listing.descending ? compare(at, after) < 0 : compare(at, after) > 0));
        first = found < 0 ? rows.length : found;
      }
      const taken = rows.slice(first, first + page_size);
      const last = taken.at(-1);
      const isLast = first + taken.length >= rows.length || !last;
      return {
        total_count: rows.length,
        items: taken.map(({ item }) => item as T),
        next_page_token: isLast ? undefined : tokens.create(listing.key, last.at, lifetimeMs()),
      };
    },
    reset: () => sorted.clear(),
  };
}
