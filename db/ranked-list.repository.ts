import { sql } from 'kysely';
import type { Db } from './client.ts';
import { newId } from './ids.ts';

/** How long a list that nobody begins anew is kept, seconds. */
const KEPT_S = 3_600;
/** Each that is kept clears away so many that are over: what is there stays in proportion to who reads. */
const CLEARED = 5;

/**
 * Keeps a ranked list for its next pages, in place of the one that its reader had.
 * @param key whose, and of what kind
 * @returns its id
 */
export async function keepRankedList(db: Db, key: string, ids: readonly string[]): Promise<string> {
  const id = newId();
  await sql`
    with over as (
      delete from ranked_lists where key in (
        select key from ranked_lists where expires_at < now() and key <> ${key} order by expires_at limit ${CLEARED} for update skip locked)
    )
    insert into ranked_lists (key, id, ids, expires_at) values (${key}, ${id}, ${ids}::uuid[], now() + make_interval(secs => ${KEPT_S}))
    on conflict (key) do update set id = excluded.id, ids = excluded.ids, expires_at = excluded.expires_at`.execute(db);
  return id;
}

/** One page of a list that is kept, and how long it is in all; undefined: it is over, or another has taken its place. */
export async function readRankedList(db: Db, key: string, id: string, offset: number, limit: number): Promise<{ ids: string[]; total: number } | undefined> {
  const { rows } = await sql<{ ids: string[]; total: number }>`
    select ids[${offset + 1}::integer : ${offset + limit}::integer] as ids, cardinality(ids) as total from ranked_lists
    where key = ${key} and id = ${id}::uuid and expires_at > now()`.execute(db);
  return rows[0];
}
