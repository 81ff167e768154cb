import { sql } from 'kysely';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Row } from './schema.ts';

export type Gift = Row<'gifts'>;
export type CoinPackage = Row<'coin_packages'>;

/** What is on offer, the cheapest first. */
export const listGifts = (db: Db, workspaceId: string): Promise<Gift[]> =>
  db.selectFrom('gifts').selectAll().where('workspace_id', '=', workspaceId).where('is_active', '=', true).orderBy('coins').orderBy('id').limit(MOST).execute();

/** What is on offer, the cheapest first. */
export const listCoinPackages = (db: Db, workspaceId: string): Promise<CoinPackage[]> =>
  db.selectFrom('coin_packages').selectAll().where('workspace_id', '=', workspaceId).where('is_active', '=', true).orderBy('price_minor').orderBy('id').limit(MOST).execute();

/** Apps show a catalogue on one screen. */
const MOST = 500;

export const findActiveGift = (db: Db, workspaceId: string, id: string): Promise<Gift | undefined> =>
  db.selectFrom('gifts').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).where('is_active', '=', true).executeTakeFirst();

interface CataloguePage {
  workspace_id: string;
  /** null: also what was taken out. */
  active: boolean | null;
  before?: string | undefined;
  limit: number;
}

/** For those who edit them: newest first. */
export const listAllGifts = (db: Db, { workspace_id, active, before, limit }: CataloguePage): Promise<Gift[]> =>
  db
    .selectFrom('gifts')
    .selectAll()
    .where('workspace_id', '=', workspace_id)
    .$if(active !== null, (query) => query.where('is_active', '=', active ?? true))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

export const listAllCoinPackages = (db: Db, { workspace_id, active, before, limit }: CataloguePage): Promise<CoinPackage[]> =>
  db
    .selectFrom('coin_packages')
    .selectAll()
    .where('workspace_id', '=', workspace_id)
    .$if(active !== null, (query) => query.where('is_active', '=', active ?? true))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

export type GiftEdit = Pick<Gift, 'name' | 'coins' | 'image'>;
export type CoinPackageEdit = Pick<CoinPackage, 'name' | 'coins' | 'price_minor' | 'currency' | 'apple_product_id' | 'google_product_id'>;

/** @throws where the name is taken: constraint gifts_name */
export const insertGift = (db: Db, workspaceId: string, gift: GiftEdit): Promise<Gift> =>
  db.insertInto('gifts').values({ id: newId(), workspace_id: workspaceId, ...gift }).returningAll().executeTakeFirstOrThrow();

/** @throws where a store's product is taken: constraints coin_packages_apple, coin_packages_google */
export const insertCoinPackage = (db: Db, workspaceId: string, one: CoinPackageEdit): Promise<CoinPackage> =>
  db.insertInto('coin_packages').values({ id: newId(), workspace_id: workspaceId, ...one }).returningAll().executeTakeFirstOrThrow();

/** @returns undefined: there is none @throws as insertGift */
export const editGift = (db: Db, workspaceId: string, id: string, edit: Partial<GiftEdit & { is_active: boolean }>): Promise<Gift | undefined> =>
  db
    .updateTable('gifts')
    .set({ ...edit, updated_at: sql<Date>`now()` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();

/** @returns undefined: there is none @throws as insertCoinPackage */
export const editCoinPackage = (db: Db, workspaceId: string, id: string, edit: Partial<CoinPackageEdit & { is_active: boolean }>): Promise<CoinPackage | undefined> =>
  db
    .updateTable('coin_packages')
    .set({ ...edit, updated_at: sql<Date>`now()` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
