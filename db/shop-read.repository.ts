import { sql } from 'kysely';
import type { ShopRead } from '../domain/contracts/channel.ts';
import type { Json } from '../domain/contracts/rule.ts';
import type { ShopResult } from '../domain/contracts/shop-api.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';

export interface ShopReadKey {
  read_id: string;
  workspace_id: string;
}

/** How many that nobody came back for go with each new one. */
const LITTER = 100;

/** Keeps what a person asks, for the workflow `readShop`. @returns its id */
export async function insertShopRead(db: Db, read: { workspace_id: string; channel_id: string; question: ShopRead }): Promise<string> {
  await sql`
    delete from shop_reads
    where id in (select id from shop_reads where created_at < now() - interval '10 minutes' order by created_at limit ${LITTER} for update skip locked)`.execute(db);
  const id = newId();
  await db
    .insertInto('shop_reads')
    .values({ ...read, id, question: JSON.stringify(read.question) })
    .execute();
  return id;
}

/** undefined: the person has gone. */
export const findQuestion = async (db: Db, { read_id, workspace_id }: ShopReadKey): Promise<ShopRead | undefined> =>
  (await db.selectFrom('shop_reads').select('question').where('id', '=', read_id).where('workspace_id', '=', workspace_id).executeTakeFirst())?.question;

/** Where the person has gone nothing is kept. */
export async function storeAnswer(db: Db, { read_id, workspace_id }: ShopReadKey, answer: ShopResult<unknown>): Promise<void> {
  await db.updateTable('shop_reads').set({ answer: JSON.stringify(answer) }).where('id', '=', read_id).where('workspace_id', '=', workspace_id).execute();
}

/** Takes the answer out; undefined: there is none. */
export async function takeAnswer(db: Db, { read_id, workspace_id }: ShopReadKey): Promise<Json | undefined> {
  const row = await db.deleteFrom('shop_reads').where('id', '=', read_id).where('workspace_id', '=', workspace_id).returning('answer').executeTakeFirst();
  return row?.answer ?? undefined;
}
