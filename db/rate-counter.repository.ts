import { sql, type Kysely } from 'kysely';
import type { Database } from './schema.ts';

export interface Turn {
  key: string;
  /** How often in this window, this time included. */
  count: number;
  /** Seconds to the window's end. */
  resets_in_s: number;
}

/** Old rows that each call takes away with it, so that no job has to. */
const SWEEP = 20;

/**
 * Counts one more for each key, in windows that begin with a key's first turn. One statement, so that all API processes
 * count together; keys in order, so that two calls can't wait for one another.
 */
export async function takeTurns(db: Kysely<Database>, keys: readonly string[], windowS: number): Promise<Turn[]> {
  const sorted = [...new Set(keys)].sort();
  const { rows } = await sql<Turn>`
    with swept as (
      delete from rate_counters where key in (
        select key from rate_counters where resets_at < now() and key <> all(${sorted}::text[]) limit ${SWEEP} for update skip locked
      )
    )
    insert into rate_counters as held (key, count, resets_at)
    select key, 1, now() + make_interval(secs => ${windowS}) from unnest(${sorted}::text[]) with ordinality as given (key, place) order by place
    on conflict (key) do update set
      count = case when held.resets_at <= now() then 1 else held.count + 1 end,
      resets_at = case when held.resets_at <= now() then excluded.resets_at else held.resets_at end
    returning key, count, ceil(extract(epoch from resets_at - now()))::int as resets_in_s`.execute(db);
  return rows;
}
