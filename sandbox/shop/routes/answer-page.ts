import type { Json } from '../../open-api/wire/json.ts';
import type { Paged } from '../state/listing.ts';
import type { World } from '../world.ts';

/** The last page has an empty token, or none. */
export function pageData<T>(world: World, name: string, { items, total_count, next_page_token }: Paged<T>, view: (item: T) => Json): Json {
  const token = next_page_token ?? (world.settings.current.paging.empty_token ? '' : undefined);
  return { total_count, next_page_token: token, [name]: items.map(view) };
}
