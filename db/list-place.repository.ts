import { sql } from 'kysely';
import type { Db } from './client.ts';

const KEPT_S = 3_600;
const CLEARED = 5;

/**
 * Remembers where a page begins.
 * @param key whose, and of which list
 * @param place a cursor; null: there is nothing more
 */
export async function keepPlace(db: Db, key: string, page: number, place: string | null): Promise<void> {
  await sql`
    with over as (
      delete from list_places where (key, page) in (
        select key, page from list_places where expires_at < now() and key <> ${key} order by expires_at limit ${CLEARED} for update skip locked)
    )
    insert into list_places (key, page, place, expires_at) values (${key}, ${page}, ${place}, now() + make_interval(secs => ${KEPT_S}))
    on conflict (key, page) do update set place = excluded.place, expires_at = excluded.expires_at`.execute(db);
}

/** Where a page begins; undefined: nobody has read the page before it of late. */
export const findPlace = (db: Db, key: string, page: number): Promise<{ place: string | null } | undefined> =>
  db.selectFrom('list_places').select('place').where('key', '=', key).where('page', '=', page).where('expires_at', '>', sql<Date>`now()`).executeTakeFirst();
