import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Kysely, PostgresDialect, type CompiledQuery } from 'kysely';
import { readSection } from '../../db/app-data.repository.ts';
import type { Db } from '../../db/client.ts';
import { rankFeed } from '../../db/feed-video.repository.ts';
import type { Database } from '../../db/schema.ts';
import { searchHashtags, searchSounds, searchUsers, searchVideos } from '../../db/search.repository.ts';
import { listFollowedVideos, listHashtagVideos, listLikedVideos, listSoundVideos, listVideosOfUser } from '../../db/video-list.repository.ts';
import { readVideos } from '../../db/video-read.repository.ts';
import { FEED } from '../../domain/social/ranking.ts';
import { makeFeedData, type FeedData } from '../../bench/lib/feed-data.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { seedWorkspace } from '../helpers/seed.ts';

let database: TestDatabase;
let data: FeedData;
/** What was sent last, and a Db that notes it. */
const sent: CompiledQuery[] = [];
let db: Db;

beforeAll(async () => {
  database = await createTestDatabase();
  const { workspace_id } = await seedWorkspace(database.db);
  data = await makeFeedData(database.pool, workspace_id, 40_000, 8_000, () => undefined);
  db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: database.pool }), log: ({ query }) => void sent.push(query) });
}, 180_000);
afterAll(() => database.drop());

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** The nodes of the plans of all statements that `run` sends. */
async function plansOf(run: () => Promise<unknown>): Promise<Plan[]> {
  sent.length = 0;
  await run();
  expect(sent.length).toBeGreaterThan(0);
  const nodes: Plan[] = [];
  for (const { sql, parameters } of sent.splice(0)) {
    const { rows } = await database.pool.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (analyze, format json) ${sql}`, [...parameters]);
    nodes.push(...nodesOf(rows[0]!['QUERY PLAN'][0].Plan));
  }
  return nodes;
}

const readRows = (nodes: Plan[], table: string): number =>
  nodes.filter((node) => node['Relation Name'] === table).reduce((sum, node) => sum + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'], 0);

const scanned = (nodes: Plan[]): string[] => nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name']!);

const page = (viewer_id: string | null) => ({ workspace_id: data.workspace_id, viewer_id, limit: 20, skip: 0 });
const by = (viewer_id: string | null, keyword: string) => ({ workspace_id: data.workspace_id, viewer_id, keyword });
const oneOf = async (table: 'hashtags' | 'sounds' | 'videos'): Promise<string> => (await database.db.selectFrom(table).select('id').executeTakeFirstOrThrow()).id;

const STATEMENTS: Record<string, (viewer: string) => Promise<unknown>> = {
  feed: (viewer) => rankFeed(db, { workspace_id: data.workspace_id, viewer_id: viewer }),
  cards: async (viewer) => readVideos(db, { workspace_id: data.workspace_id, viewer_id: viewer, ids: [await oneOf('videos')] }),
  following: (viewer) => listFollowedVideos(db, page(viewer), null),
  'following, second page': (viewer) => listFollowedVideos(db, page(viewer), { at: (Date.now() - 86_400_000) * 1_000, id: viewer }),
  'of a user': (viewer) => listVideosOfUser(db, page(viewer), data.fans[0]!, null),
  liked: (viewer) => listLikedVideos(db, page(viewer), viewer, null),
  hashtag: async (viewer) => listHashtagVideos(db, page(viewer), await oneOf('hashtags'), null),
  sound: async (viewer) => listSoundVideos(db, page(viewer), await oneOf('sounds'), null),
  'search videos, common word': (viewer) => searchVideos(db, by(viewer, 'lalala')),
  'search videos, rare word': (viewer) => searchVideos(db, by(viewer, 'hasilegy')),
  'search videos, misspelt': (viewer) => searchVideos(db, by(viewer, 'kanotexx')),
  'search videos, emoji': (viewer) => searchVideos(db, by(viewer, '🎉')),
  'search users, one letter': (viewer) => searchUsers(db, by(viewer, 'u')),
  'search users': (viewer) => searchUsers(db, by(viewer, 'u77')),
  'search users, misspelt': (viewer) => searchUsers(db, by(viewer, 'lamikaxx')),
  'search hashtags': (viewer) => searchHashtags(db, by(viewer, 'lamika')),
  'search sounds': (viewer) => searchSounds(db, by(viewer, 'lamika')),
};

test.each(Object.keys(STATEMENTS))('%s: no table of many rows is read from end to end', async (name) => {
  for (const viewer of [data.followers[0]!, data.fans[0]!]) {
    const nodes = await plansOf(() => STATEMENTS[name]!(viewer));
    const large = ['videos', 'follows', 'video_views', 'video_likes', 'app_users'];
    expect(scanned(nodes).filter((table) => large.includes(table))).toEqual([]);
  }
});

test('the feed reads a bounded number of videos, for whoever asks', async () => {
  for (const viewer of [data.followers[0]!, data.strangers[0]!, data.fans[0]!]) {
    const nodes = await plansOf(() => STATEMENTS.feed!(viewer));
    expect(readRows(nodes, 'videos')).toBeLessThan(FEED.fresh_scanned + FEED.rewatched + FEED.followed_authors * FEED.followed_of_one + FEED.engaging_days * FEED.engaging_of_day);
    expect(readRows(nodes, 'videos')).toBeGreaterThan(FEED.fresh);
  }
});

test('one letter with which all names begin reads the names of those whom most follow, not all of them', async () => {
  const nodes = await plansOf(() => STATEMENTS['search users, one letter']!(data.fans[0]!));
  const read = readRows(nodes.filter((node) => node['Index Name'] === 'app_users_followed'), 'app_users');
  expect(read).toBeGreaterThanOrEqual(500);
  expect(read).toBeLessThan(2_000);
});

test('no word to look for reads nobody', async () => {
  sent.length = 0;
  expect(await searchUsers(db, by(data.fans[0]!, '@'))).toEqual([]);
  expect(sent).toEqual([]);
});

test('whatever refers to a video is found by its index, so that deleting one reads no table from end to end', async () => {
  const { rows } = await database.pool.query(`
    select c.conrelid::regclass::text as of_table, a.attname as column_name
    from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    where c.contype = 'f' and c.confrelid = 'videos'::regclass and not exists (
      select from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1]
        and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) = format('(%s IS NOT NULL)', a.attname)))`);
  expect(rows).toEqual([]);
});

test('an export finds the gifts that somebody sent and got by indexes, each once, in order', async () => {
  const { pool } = database;
  const [ada, ...others] = data.fans.slice(0, 3);
  // Everybody gives to everybody else again and again; few of the gifts are ada's.
  await pool.query(
    `with wallets as (
      insert into coin_accounts (id, workspace_id, kind, user_id, balance) select gen_random_uuid(), $1, 'user', id, 1000000 from app_users where workspace_id = $1 on conflict do nothing returning id, user_id
    ), placed as (select id, user_id, row_number() over (order by user_id) as n, count(*) over () as total from wallets),
    gifts as (
      select gen_random_uuid() as id, a.id as from_id, b.id as to_id, a.user_id as sender_id, b.user_id as receiver_id, step from placed a
        cross join generate_series(1, 4) step join placed b on b.n = (a.n + step * 7 - 1) % a.total + 1
    ), movements as (insert into coin_movements (id, workspace_id, kind, request_key) select id, $1, 'gift', 'gift:' || id from gifts),
    entries as (
      insert into coin_transactions (movement_id, account_id, amount, balance_after)
      select id, from_id, -1, 0 from gifts union all select id, to_id, 1, 0 from gifts
    )
    insert into gift_transactions (id, workspace_id, request_id, sender_id, receiver_id, gift_id, gift_name, gift_count, coins)
    select id, $1, step::text, sender_id, receiver_id, gen_random_uuid(), 'Rose', 1, 1 from gifts`,
    [data.workspace_id],
  );
  await pool.query('analyze coin_accounts, coin_movements, coin_transactions, gift_transactions');
  for (const user of [ada!, ...others]) {
    const read: { sender_id: string; receiver_id: string }[] = [];
    const nodes = await plansOf(async () => {
      for await (const rows of readSection(db, user, 'gifts', 3)) read.push(...rows.map((row) => JSON.parse(row) as (typeof read)[number]));
    });
    expect(scanned(nodes)).toEqual([]);
    const { rows } = await pool.query<{ sender_id: string; receiver_id: string }>('select sender_id, receiver_id from gift_transactions where sender_id = $1 or receiver_id = $1 order by id', [user]);
    expect(rows).toHaveLength(8);
    expect(read.map(({ sender_id, receiver_id }) => ({ sender_id, receiver_id }))).toEqual(rows);
  }
});

test('counting a like writes no index', async () => {
  const { rows } = await database.pool.query<{ id: string }>(`select id from videos where engagement >= 16 limit 100`);
  const updates = async () => (await database.pool.query<{ n_tup_upd: number; n_tup_hot_upd: number }>(`select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'videos'`)).rows[0]!;
  const before = await updates();
  for (const { id } of rows) await database.db.updateTable('videos').set((is) => ({ views: is('views', '+', 1) })).where('id', '=', id).execute();
  const after = await eventually(async () => {
    const seen = await updates();
    return seen.n_tup_upd - before.n_tup_upd >= rows.length ? seen : null;
  });
  expect(after.n_tup_hot_upd - before.n_tup_hot_upd).toBeGreaterThan(rows.length * 0.9);
});
