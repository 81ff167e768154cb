import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql, type Transaction } from 'kysely';
import { createSettlePurchase } from '../../activities/social/purchases/settle-purchase.ts';
import { appAccount, walletOf } from '../../db/coin-ledger.repository.ts';
import { answerFollow, unfollow } from '../../db/follow.repository.ts';
import { newId } from '../../db/ids.ts';
import type { Database } from '../../db/schema.ts';
import { deleteVideo, publishVideo } from '../../db/video-life.repository.ts';
import { eventually } from '../helpers/eventually.ts';
import { appHashtag, appVideo, follow } from '../helpers/feed-rows.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { appUser, socialApp, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

/** Rows are locked in one order everywhere, or two who change the same ones wait for each other. */

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

type Table = 'app_users' | 'coin_accounts' | 'hashtags';
const locked = (trx: Transaction<Database>, table: Table, id: string) => sql`select from ${sql.table(table)} where id = ${id} for no key update nowait`.execute(trx);

/**
 * Runs something while somebody else holds the row that comes first in the order: it waits for that one, and holds none of the later ones.
 * @returns what it gave once the first was free
 */
async function waitsForFirst<T>(table: Table, [first, ...later]: [string, ...string[]], run: () => Promise<T>): Promise<T> {
  const { db, pool } = api.deps;
  const running = await db.transaction().execute(async (trx) => {
    await locked(trx, table, first);
    const result = run();
    // Looked at by who awaits it; until then a failure is nobody's.
    result.catch(() => undefined);
    await eventually(async () => (await pool.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).rows.length > 0);
    for (const id of later) await locked(trx, table, id);
    return { result };
  });
  return running.result;
}

/** Of the smaller id first. */
const twoUsers = async (): Promise<[TestAppUser, TestAppUser]> => {
  const users = [await appUser(api), await appUser(api)].sort((a, b) => (a.id < b.id ? -1 : 1));
  return [users[0]!, users[1]!];
};
const countsOf = async ({ id }: TestAppUser) => api.deps.db.selectFrom('app_users').select(['followers', 'following']).where('id', '=', id).executeTakeFirstOrThrow();

test('hashtags of a video that comes and one that goes: by name, whatever the collation of the database', async () => {
  const { db, pool } = api.deps;
  const author = await appUser(api);
  const workspace_id = author.row.workspace_id;
  // As in a database with a locale, where é comes before z; and JavaScript has 𝒵, of two code units, before 﨎.
  await pool.query('alter table hashtags alter column name type text collate "en-x-icu"');
  for (const [first, second] of [
    ['z', 'é'],
    ['\uFA0E', '\u{20000}'],
  ] as const) {
    const [one, other] = [await appHashtag(api, workspace_id, first), await appHashtag(api, workspace_id, second)];
    const video = { id: newId(), workspace_id, user_id: author.id };
    await appVideo(api, author, { id: video.id, status: 'processing', published_at: null, playlist_key: 'p.m3u8', description: `#${second} #${first}` });
    expect(await waitsForFirst('hashtags', [one.id, other.id], () => publishVideo(db, video.id, { hasSound: false, soundKeyOf: (id) => id }))).toMatchObject({ status: 'ready' });
    expect(await waitsForFirst('hashtags', [one.id, other.id], () => deleteVideo(db, video))).toBe(true);
    expect(await db.selectFrom('hashtags').select('videos').where('id', 'in', [one.id, other.id]).execute()).toEqual([{ videos: 1 }, { videos: 1 }]);
  }
});

test('who unfollows somebody whose account is being deleted', async () => {
  const { db } = api.deps;
  const [gone, fan] = await twoUsers();
  await follow(api, fan, gone);
  await db.updateTable('app_users').set({ following: 1 }).where('id', '=', fan.id).execute();
  await db.updateTable('app_users').set({ followers: 1, deleted_at: new Date() }).where('id', '=', gone.id).execute();
  await waitsForFirst('app_users', [gone.id, fan.id], () => unfollow(db, fan.row.workspace_id, { follower_id: fan.id, followee_id: gone.id }));
  expect([await countsOf(gone), await countsOf(fan)]).toEqual([{ followers: 0, following: 0 }, { followers: 0, following: 0 }]);
});

test('who is let in by somebody whose account was deleted meanwhile is not', async () => {
  const { db } = api.deps;
  const [gone, fan] = await twoUsers();
  await follow(api, fan, gone, 'requested');
  await db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', gone.id).execute();
  expect(await answerFollow(db, fan.row.workspace_id, { followee: gone.row, follower_id: fan.id, accept: true })).toBe(false);
  expect([await countsOf(gone), await countsOf(fan)]).toEqual([{ followers: 0, following: 0 }, { followers: 0, following: 0 }]);
});

test('accounts of a purchase that is partly refunded when it is first verified', async () => {
  const { db } = api.deps;
  const workspace_id = await socialApp(api);
  const user = await appUser(api);
  const { account_id: wallet } = await walletOf(db, workspace_id, user.id);
  const [house, store] = [await appAccount(db, workspace_id, 'house'), await appAccount(db, workspace_id, 'store')];
  const later = [wallet, store].filter((account) => account > house);
  expect(later).toContain(wallet);
  const { id: package_id, coins } = await db.selectFrom('coin_packages').select(['id', 'coins']).where('workspace_id', '=', workspace_id).orderBy('coins').executeTakeFirstOrThrow();
  const id = newId();
  const product_id = 'a_product';
  await db.insertInto('purchases').values({ id, workspace_id, user_id: user.id, store: 'apple', product_id, package_id, store_transaction_id: id, receipt: null, status: 'pending' }).execute();
  const { settlePurchase } = createSettlePurchase({ db, logger: quietLog });
  const answer = { kind: 'bought', product_id, quantity: 1, refunded: 0.5, is_test: true } as const;
  const settled = await waitsForFirst('coin_accounts', [house, ...later], () => settlePurchase({ purchase_id: id, workspace_id, answer, is_last: false }));
  expect(settled).toMatchObject({ status: 'granted' });
  expect((await walletOf(db, workspace_id, user.id)).balance).toBe(coins - Math.round(coins / 2));
});
