import { sql } from 'kysely';
import { ACTIVE_STATUSES } from '../domain/contracts/livestream.ts';
import type { Db } from './client.ts';
import type { LivestreamRow } from './livestream.repository.ts';

/**
 * A livestream without a workflow has nobody who could change its row: these are the only writes that the API makes
 * to the life of one.
 */

/** Says why nothing happens yet; once a consumer has the livestream, it speaks for itself. */
export function noteUnstarted(db: Db, id: string): Promise<LivestreamRow | undefined> {
  return db
    .updateTable('livestreams')
    .set({ status_code: 'unavailable', status_reason: 'Temporal does not answer; the session starts by itself once it does.' })
    .where('id', '=', id)
    .where('status', '=', 'connecting')
    .where('consumer_epoch', '=', 0)
    .returningAll()
    .executeTakeFirst();
}

/** Closes a livestream whose workflow does not exist or has ended without saying so. */
export function closeOrphan(db: Db, id: string): Promise<LivestreamRow | undefined> {
  return db
    .updateTable('livestreams')
    .set({
      status: 'disconnected',
      status_code: null,
      status_reason: 'Disconnected on request.',
      session_cookie: null,
      consumer_owner: null,
      ended_at: sql<Date>`now()`,
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .where('status', 'in', ACTIVE_STATUSES)
    .returningAll()
    .executeTakeFirst();
}
