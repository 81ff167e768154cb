import type { Query } from './caller.ts';
import type { PageOf, Sorting, TimeRange } from './client.ts';

/** TikTok's parameters of a page; they stand in the query even where the search is a POST. */
export function pageQuery({ page_size, page_token }: PageOf, largest: number): Query {
  const size = page_size ?? largest;
  if (!Number.isInteger(size) || size < 1 || size > largest) throw new RangeError(`TikTok Shop gives pages of 1 to ${largest}, not of ${size}.`);
  return { page_size: size, page_token: page_token || null };
}

export const sortQuery = ({ sort_field, sort_order }: Sorting): Query => ({ sort_field, sort_order });

/**
 * In seconds, and not narrower than asked. @param upper products alone have an upper bound that counts in (`le`), which is the second before
 */
export function timeFilter(range: TimeRange, upper: 'lt' | 'le' = 'lt'): { [field: string]: number } {
  const to = (ms: number): number => Math.ceil(ms / 1_000) - (upper === 'le' ? 1 : 0);
  return {
    ...(range.created_from_ms === undefined ? {} : { create_time_ge: Math.floor(range.created_from_ms / 1_000) }),
    ...(range.created_to_ms === undefined ? {} : { [`create_time_${upper}`]: to(range.created_to_ms) }),
    ...(range.updated_from_ms === undefined ? {} : { update_time_ge: Math.floor(range.updated_from_ms / 1_000) }),
    ...(range.updated_to_ms === undefined ? {} : { [`update_time_${upper}`]: to(range.updated_to_ms) }),
  };
}

/** @throws RangeError where there are more than TikTok takes in one call */
export function atMost<T>(items: readonly T[], most: number, what: string): readonly T[] {
  if (items.length > most) throw new RangeError(`TikTok Shop takes ${most} ${what} in one call, not ${items.length}.`);
  return items;
}

/** Each once, in the order in which they came: TikTok would answer twice for a doubled id, or refuse it. */
export const unique = (ids: readonly string[]): string[] => [...new Set(ids)];
