import type pg from 'pg';

export interface FeedData {
  workspace_id: string;
  /** Ids of users whose feeds are asked for: they have watched, liked and blocked. */
  followers: string[];
  strangers: string[];
  /** They follow 1,000 each. */
  fans: string[];
}

const WATCHERS = 400;
const FANS = 50;
const FAN_FOLLOWS = 1_000;
const DAYS = 180;

/**
 * Users, follows, videos, counters, watched and liked ones: made by the database itself, popularity as Zipf has it (few have most).
 * Indexes are made after the rows, as a restored backup does it.
 */
export async function makeFeedData(pool: pg.Pool, workspace_id: string, videos: number, users: number, say: (line: string) => void): Promise<FeedData> {
  const client = await pool.connect();
  const step = async (name: string, sql: string, values: unknown[] = []): Promise<void> => {
    const startedAt = performance.now();
    await client.query(sql, values);
    say(`${name}: ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  };
  try {
    // Foreign keys are kept by how the rows are made; they would be half of the time.
    await client.query(`set session_replication_role = replica; set maintenance_work_mem = '1GB'; set work_mem = '256MB'; set synchronous_commit = off`);
    const indexes = await dropIndexes(client);
    await client.query(`select setseed(0.42)`);
    await client.query(`create temp table people (n integer primary key, id uuid not null)`);
    await step('users', USERS, [workspace_id, users]);
    await step('follows', FOLLOWS, [users]);
    await step('follows of fans', FAN_FOLLOWINGS, [users, FANS, FAN_FOLLOWS]);
    await step('videos', VIDEOS, [workspace_id, videos, users, DAYS]);
    await step('watched', `insert into video_views (video_id, view_id, user_id, watch_ms)
      select v.id, 'bench-' || p.n, p.id, 9000 from people p, (select id from videos order by id desc limit 600) v where p.n < $1 and random() < 0.5`, [WATCHERS * 2]);
    await step('liked', `insert into video_likes (video_id, user_id) select video_id, user_id from video_views where random() < 0.2`);
    await step('blocks', `insert into blocks (user_id, blocked_id) select p.id, o.id from people p join people o on o.n = 1000 + p.n * 7 where p.n < $1`, [WATCHERS * 2]);
    await step('sounds, hashtags', SOUNDS_AND_HASHTAGS, [workspace_id, users]);
    for (const { name, sql } of indexes) await step(`index ${name}`, sql);
    await client.query('set session_replication_role = origin');
    await step('vacuum analyze', 'vacuum analyze');
    const { rows } = await client.query<{ id: string; kind: string }>(
      `select p.id, case when p.n < ${FANS} then 'fan' when exists (select from follows f where f.follower_id = p.id) then 'follower' else 'stranger' end as kind
       from people p where p.n < $1 order by random()`,
      [WATCHERS * 2],
    );
    const idsOf = (kind: string): string[] => rows.filter((row) => row.kind === kind).map(({ id }) => id).slice(0, WATCHERS);
    return { workspace_id, followers: idsOf('follower'), strangers: idsOf('stranger'), fans: idsOf('fan') };
  } finally {
    client.release(true);
  }
}

/** All that no constraint needs. */
async function dropIndexes(client: pg.PoolClient): Promise<{ name: string; sql: string }[]> {
  const { rows } = await client.query<{ name: string; sql: string }>(
    `select i.indexname as name, i.indexdef as sql from pg_indexes i
     where i.tablename in ('videos', 'app_users', 'follows', 'video_views', 'video_likes', 'sounds', 'hashtags')
       and not exists (select from pg_constraint c where c.conname = i.indexname) order by i.indexname`,
  );
  for (const { name } of rows) await client.query(`drop index ${name}`);
  return rows;
}

/** Made of syllables of which the first ones are far more common: about 64,000 words, the commonest in three of a hundred videos. */
const WORD = Array.from({ length: 3 }, () => `substr('lamikanotesorabavidumepofagohicuwezypinejutaxokirusalegybomudifenovaritokehasi', 1 + 2 * floor(39 * power(random(), 2))::integer, 2)`).join(' || ');
const words = (count: number): string => Array.from({ length: count }, () => WORD).join(` || ' ' || `);
const someone = (share: string): string => `floor($1 * power(random(), ${share}))::integer`;

const USERS = `
  with made as (insert into people select n, gen_random_uuid() from generate_series(0, $2::integer - 1) n returning n, id),
  accounts as (insert into users (id, email, full_name, password_hash) select id, n || '@bench.invalid', 'Bench', 'none' from made)
  insert into app_users (id, workspace_id, username, first_name, last_name, social, social_id, is_private, followers)
  select id, $1, 'u' || n || '.' || (${WORD}), initcap(${WORD}), initcap(${WORD}), 'google', 'bench-' || n, random() < 0.05, floor(10 * (power(random(), -0.7) - 1)) from made`;

/** Every second of those who are measured follows nobody. */
const FOLLOWS = `
  insert into follows (follower_id, followee_id, state, created_at)
  select p.id, o.id, 'accepted', now() - random() * interval '300 days' from (
    select n, ${someone('2.5')} as other from people cross join lateral generate_series(1, least(1000, floor(4 * power(random() + n * 0, -0.6)))::integer)
    where n >= ${WATCHERS * 2} or n % 2 = 0) f
  join people p on p.n = f.n join people o on o.n = f.other where f.n <> f.other on conflict do nothing`;

const FAN_FOLLOWINGS = `
  insert into follows (follower_id, followee_id, state, created_at)
  select p.id, o.id, 'accepted', now() - random() * interval '300 days' from (select n, floor($1 * power(random(), 1.2))::integer as other from people cross join generate_series(1, $3::integer) where n < $2) f
  join people p on p.n = f.n join people o on o.n = f.other where f.n <> f.other on conflict do nothing`;

/** Ids grow with time, as UUIDv7 do. */
const VIDEOS = `
  insert into videos (id, workspace_id, user_id, description, status, privacy, duration_ms, width, height, views, likes, comments, shares, created_at, published_at)
  select (lpad(to_hex((extract(epoch from v.at) * 1000)::bigint), 12, '0') || '7' || substr(md5(v.n::text), 1, 3) || '8' || substr(md5(v.n::text), 4, 15))::uuid,
    $1, p.id, ${words(7)} || case when v.n % 3 = 0 then ' #' || ${WORD} else '' end,
    'ready', case when v.luck < 0.9 then 'public' when v.luck < 0.95 then 'friends' else 'private' end, 15000, 720, 1280,
    v.views, v.views * v.liking, v.views * v.liking / 20, v.views * v.liking / 30, v.at, v.at
  from (
    select n, now() - (1 - n / $2::float8) * $4 * interval '1 day' as at, random() as luck, 0.02 + 0.1 * random() as liking,
      least(50000000, floor(40 * (power(random(), -0.9) - 1)))::bigint as views, floor($3 * power(random(), 3))::integer as author
    from generate_series(1, $2::integer) n) v
  join people p on p.n = v.author order by v.n`;

const SOUNDS_AND_HASHTAGS = `
  with tags as (insert into hashtags (id, workspace_id, name, videos)
    select gen_random_uuid(), $1::uuid, word, floor(3 * power(random(), -0.8)) from (select distinct ${WORD} as word from generate_series(1, $2::integer)) w)
  insert into sounds (id, workspace_id, name, videos) select gen_random_uuid(), $1::uuid, ${words(3)}, floor(3 * (power(random(), -0.8) - 1)) from generate_series(1, $2::integer)`;
