import { sql } from 'kysely';
import type { Db } from './client.ts';

/** Rows of one statement: short locks, and a heartbeat in between. */
const CHUNK = 5_000;

/**
 * Deletes messages that went all their ways a week ago, and those that were given up, and dead letters after a month. What still waits stays.
 * @param beat called after each chunk
 */
export async function deleteOldMessages(db: Db, beat: () => void): Promise<void> {
  const statements = [
    sql`delete from shop_outbox where seq in (
      select seq from shop_outbox where created_at < now() - interval '7 days' and amqp_at is not null and http_at is not null limit ${CHUNK})`,
    sql`delete from shop_outbox where seq in (
      select seq from shop_outbox where created_at < now() - interval '30 days' and amqp_at is not null and http_gave_up_at is not null limit ${CHUNK})`,
    sql`delete from shop_dead_letters where id in (
      select id from shop_dead_letters where created_at < now() - interval '30 days' limit ${CHUNK})`,
  ];
  for (const statement of statements) {
    for (let deleted = CHUNK; deleted === CHUNK; ) {
      const { numAffectedRows } = await statement.execute(db);
      deleted = Number(numAffectedRows ?? 0);
      beat();
    }
  }
}
