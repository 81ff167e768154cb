import { sql } from 'kysely';
import { ACTIVE_STATUSES } from '../domain/contracts/livestream.ts';
import { ERRORS } from '../domain/errors.ts';
import type { Db } from './client.ts';
import type { LivestreamRow } from './livestream.repository.ts';

/**
 * A livestream without a workflow has nobody who could change its row: these are the only writes that the API makes
 * to the life of one, and only while no consumer ever held it or its workflow is known to be gone.
 */

/**
 * Closes a livestream whose workflow could not be started.
 * @returns undefined when a consumer holds it after all, so that the start did succeed
 */
export function failUnstarted(db: Db, id: string): Promise<LivestreamRow | undefined> {
  return db
    .updateTable('livestreams')
    .set({
      status: 'failed',
      status_code: 'unavailable',
      status_reason: `Temporal could not be reached. ${ERRORS.unavailable.message}`,
      session_cookie: null,
      ended_at: sql<Date>`now()`,
      updated_at: sql<Date>`now()`,
    })
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
      ended_at: sql<Date>`now()`,
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .where('status', 'in', ACTIVE_STATUSES)
    .returningAll()
    .executeTakeFirst();
}

/** Livestreams that wait for a workflow longer than a start takes: the API died between row and start. */
export function listUnstarted(db: Db, olderThanMs: number, limit: number): Promise<Pick<LivestreamRow, 'id' | 'workspace_id' | 'wait_for_live'>[]> {
  return db
    .selectFrom('livestreams')
    .select(['id', 'workspace_id', 'wait_for_live'])
    .where('status', '=', 'connecting')
    .where('consumer_epoch', '=', 0)
    .where('created_at', '<', sql<Date>`now() - ${olderThanMs} * interval '1 millisecond'`)
    .orderBy('id')
    .limit(limit)
    .execute();
}
