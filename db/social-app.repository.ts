import { sql } from 'kysely';
import type { Db } from './client.ts';
import { newId } from './ids.ts';

/** Seeded with an app; admins edit them. */
const GIFTS = [
  { name: 'Rose', coins: 10 },
  { name: 'Heart', coins: 50 },
  { name: 'Diamond', coins: 1_000 },
  { name: 'Universe', coins: 5_000 },
] as const;

const PACKAGES = [
  { name: '100 coins', coins: 100, price_minor: 99, product: 'coins_100' },
  { name: '550 coins', coins: 550, price_minor: 499, product: 'coins_550' },
  { name: '1,200 coins', coins: 1_200, price_minor: 999, product: 'coins_1200' },
  { name: '6,500 coins', coins: 6_500, price_minor: 4_999, product: 'coins_6500' },
] as const;

/** The workspace whose app this installation serves. @returns null: none yet, and there is no workspace at all */
export async function findSocialApp(db: Db): Promise<string | null> {
  const row = await db.selectFrom('social_app').select('workspace_id').executeTakeFirst();
  return row?.workspace_id ?? openSocialApp(db);
}

/** The app is the oldest workspace's: its accounts and catalogues are made with it, by whoever comes first. */
const openSocialApp = (db: Db): Promise<string | null> =>
  db.transaction().execute(async (trx) => {
    // No conflict target: of two at once the second may meet the first in either unique index, and one that is not named is an error.
    const { rows } = await sql<{ workspace_id: string }>`
      insert into social_app (workspace_id) select id from workspaces order by created_at, id limit 1
      on conflict do nothing returning workspace_id`.execute(trx);
    const made = rows[0]?.workspace_id;
    if (made === undefined) return (await trx.selectFrom('social_app').select('workspace_id').executeTakeFirst())?.workspace_id ?? null;
    await trx
      .insertInto('coin_accounts')
      .values((['house', 'store', 'payout'] as const).map((kind) => ({ id: newId(), workspace_id: made, kind, user_id: null })))
      .execute();
    await trx
      .insertInto('gifts')
      .values(GIFTS.map((gift) => ({ id: newId(), workspace_id: made, ...gift })))
      .execute();
    await trx
      .insertInto('coin_packages')
      .values(PACKAGES.map(({ product, ...one }) => ({ id: newId(), workspace_id: made, currency: 'USD', apple_product_id: product, google_product_id: product, ...one })))
      .execute();
    return made;
  });
