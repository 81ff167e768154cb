import { sql, type Transaction } from 'kysely';
import type { ErrorCode } from '../domain/errors.ts';
import type { Db } from './client.ts';
import type { Database, Row } from './schema.ts';

export type SetAsideRow = Row<'shop_set_aside'>;

export interface SetAside {
  /** null: TikTok's answer did not even tell the id. */
  id: string | null;
  code: ErrorCode;
  reason: string;
}

/** Keeps what could not be taken, with the last reason; each once. */
export async function setAside(db: Db | Transaction<Database>, channelId: string, kind: SetAsideRow['kind'], failures: readonly SetAside[]): Promise<void> {
  // One statement must not write a row twice.
  const byId = new Map(failures.map(({ id, code, reason }) => [id ?? '', { channel_id: channelId, kind, entity_id: id ?? '', code, reason: reason.replaceAll('\0', '\uFFFD') }]));
  if (byId.size === 0) return;
  await db
    .insertInto('shop_set_aside')
    .values([...byId.values()])
    .onConflict((conflict) =>
      conflict.columns(['channel_id', 'kind', 'entity_id']).doUpdateSet({
        code: (eb) => eb.ref('excluded.code'),
        reason: (eb) => eb.ref('excluded.reason'),
        times: sql<number>`shop_set_aside.times + 1`,
        last_at: sql<Date>`now()`,
      }),
    )
    .execute();
}

/** The ones that have waited longest for another try; those without an id can't be tried. */
export const listToRetry = (db: Db, channelId: string, kind: SetAsideRow['kind'], limit: number): Promise<Pick<SetAsideRow, 'entity_id' | 'code'>[]> =>
  db
    .selectFrom('shop_set_aside')
    .select(['entity_id', 'code'])
    .where('channel_id', '=', channelId)
    .where('kind', '=', kind)
    .where('entity_id', '<>', '')
    .orderBy('last_at')
    .orderBy('entity_id')
    .limit(limit)
    .execute();

/** @returns those that had been set aside */
export async function takeBack(db: Db | Transaction<Database>, channelId: string, kind: SetAsideRow['kind'], ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await db.deleteFrom('shop_set_aside').where('channel_id', '=', channelId).where('kind', '=', kind).where('entity_id', 'in', ids).returning('entity_id').execute();
  return rows.map(({ entity_id }) => entity_id);
}

/** Newest first, and how many there are. */
export async function listSetAside(db: Db, channelId: string, limit: number): Promise<{ total: number; items: SetAsideRow[] }> {
  const { total } = await db
    .selectFrom('shop_set_aside')
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .where('channel_id', '=', channelId)
    .executeTakeFirstOrThrow();
  const items = await db.selectFrom('shop_set_aside').selectAll().where('channel_id', '=', channelId).orderBy('last_at', 'desc').orderBy('entity_id').limit(limit).execute();
  return { total: Number(total), items };
}
