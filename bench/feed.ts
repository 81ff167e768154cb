import { sql } from 'kysely';
import { feedVerbs } from '../api/verbs/feed.ts';
import { searchVerbs } from '../api/verbs/search.ts';
import type { Verb } from '../api/verbs/verb.ts';
import { findAppUser } from '../db/app-user.repository.ts';
import { openDb, type Db } from '../db/client.ts';
import { feedStatement, rankFeed } from '../db/feed-video.repository.ts';
import { seedWorkspace } from '../tests/helpers/seed.ts';
import { databaseServer } from './lib/database-server.ts';
import { freshDatabase } from './lib/environment.ts';
import { makeFeedData, type FeedData } from './lib/feed-data.ts';
import { summarise } from './lib/latencies.ts';
import { statsOf } from './lib/process-stats.ts';
import { machineFacts, printTable } from './lib/report.ts';

/**
 * The feed and the search over many videos: the ranking statement alone, and whole verbs (without HTTP) as an app calls them.
 * Usage: tsx bench/feed.ts [--videos 1000000] [--users 100000] [--rounds 300] [--explain]
 */
const number = (name: string, fallback: number): number => Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) || fallback;
const VIDEOS = number('videos', 1_000_000);
const USERS = number('users', 100_000);
const ROUNDS = number('rounds', 300);
const say = (line: string): void => console.error(line);

type Row = [string, number, number, number, number, number | string];

async function main(): Promise<void> {
  const server = await databaseServer(say);
  const database = await freshDatabase(server.url);
  const { db, pool, close } = openDb({ url: database.url, max: 1, name: 'bench' });
  try {
    const startedAt = performance.now();
    const data = await makeFeedData(pool, (await seedWorkspace(db)).workspace_id, VIDEOS, USERS, say);
    const setUpS = Math.round((performance.now() - startedAt) / 1_000);
    const { rows: found } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
    backend = found[0]!.pid;
    const rows = await measure(db, data);
    console.log(`\n${machineFacts()}\nPostgreSQL ${database.version}${server.described}`);
    console.log(
      `Method: ${VIDEOS.toLocaleString('en')} videos of 180 days by ${USERS.toLocaleString('en')} users, made in ${setUpS} s; views, authors and follows as Zipf has them; those who ask have watched about 300 of the ` +
        `newest videos. One after the other over one connection at a time, each by the next user, ${ROUNDS} rounds after 20 of warming up; planning included. Verbs: all their statements and the making of the answer, without HTTP.`,
    );
    printTable(['what', 'rounds', 'p50 ms', 'p99 ms', 'max ms', 'CPU of PostgreSQL, ms each'], rows);
    if (process.argv.includes('--explain')) await explain(db, data);
  } finally {
    await close();
    await database.drop();
    await server.close();
  }
}

async function measure(db: Db, { workspace_id, followers, strangers, fans }: FeedData): Promise<Row[]> {
  const ranking = (ids: string[]) => (round: number) => rankFeed(db, { workspace_id, viewer_id: ids[round % ids.length]! });
  const asUser = (verbs: readonly Verb[], name: string, fields: Record<string, unknown>, ids: string[]) => verbAs(db, workspace_id, verbs, name, fields, ids);
  const feedPage = (page: number, ids: string[]) => asUser(feedVerbs, 'showRelatedVideos', { starting_point: page }, ids);
  const search = (type: string, keyword: string) => asUser(searchVerbs, 'search', { type, keyword }, followers);
  const rows: Row[] = [
    await timed('ranking statement, users who follow', ranking(followers)),
    await timed('ranking statement, who follow nobody', ranking(strangers)),
    await timed('ranking statement, who follow 1,000', ranking(fans)),
    await timed('ranking statement, not signed in', () => rankFeed(db, { workspace_id, viewer_id: null })),
    await timed('showRelatedVideos, page 1, users who follow', feedPage(0, followers)),
  ];
  await timed('page 2', feedPage(1, followers));
  rows.push(await timed('showRelatedVideos, page 3, users who follow', feedPage(2, followers)));
  rows.push(await timed('showRelatedVideos, page 1, who follow nobody', feedPage(0, strangers)));
  rows.push(await timed('showFollowingVideos, page 1', asUser(feedVerbs, 'showFollowingVideos', {}, followers)));
  rows.push(await timed('showFollowingVideos, who follow 1,000', asUser(feedVerbs, 'showFollowingVideos', {}, fans)));
  for (const [kind, keyword] of [['common word', 'lalala'], ['rare word', 'tixony'], ['two words', 'lami kano'], ['two letters', 'la'], ['misspelt', 'lamilaxx']] as const) {
    rows.push(await timed(`search videos, ${kind}`, search('video', keyword)));
  }
  rows.push(await timed('search users, a name', search('user', 'lamika')));
  rows.push(await timed('search users, two letters', search('user', 'u1')));
  rows.push(await timed('search hashtags', search('hashtag', 'lami')));
  rows.push(await timed('search sounds', search('sound', 'lamika')));
  return rows;
}

/** CPU seconds of PostgreSQL's process for our connection so far: what a statement costs where others use the machine too. null: it runs elsewhere. */
let backend = 0;
const cpuSeconds = async (): Promise<number | null> => (await statsOf(backend).catch(() => null))?.cpu_s ?? null;

const CONFIG = { publicUrl: 'http://bench.invalid', jwtSecret: 'a secret of the bench that is long enough', streaming: { playUrlTtlS: 3_600 } };

/** A verb as a user calls it, without HTTP. */
function verbAs(db: Db, workspace_id: string, verbs: readonly Verb[], name: string, fields: Record<string, unknown>, ids: string[]): (round: number) => Promise<unknown> {
  const verb = verbs.find((one) => one.name === name)!;
  const input = verb.input.parse(fields) as Record<string, unknown>;
  return async (round) => verb.run({ deps: { db, config: CONFIG }, workspace_id, user: await findAppUser(db, workspace_id, ids[round % ids.length]!), address: 'bench' } as never, input);
}

async function timed(name: string, run: (round: number) => Promise<unknown>): Promise<Row> {
  const latencies: number[] = [];
  for (let round = 1; round <= 20; round++) await run(round);
  const cpuBefore = await cpuSeconds();
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    await run(round);
    latencies.push(performance.now() - startedAt);
  }
  const cpuAfter = await cpuSeconds();
  const cpu = cpuBefore === null || cpuAfter === null ? 'not known' : ((cpuAfter - cpuBefore) * 1_000) / ROUNDS;
  const { count, p50, p99, max } = summarise(latencies);
  say(`${name}: p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms, CPU ${typeof cpu === 'number' ? cpu.toFixed(1) : cpu} ms`);
  return [name, count, p50, p99, max, cpu];
}

async function explain(db: Db, { workspace_id, followers, fans }: FeedData): Promise<void> {
  for (const viewer_id of [followers[0]!, fans[0]!]) {
    const { rows } = await sql<{ 'QUERY PLAN': string }>`explain (analyze, buffers) ${feedStatement({ workspace_id, viewer_id })}`.execute(db);
    console.log(`\n${rows.map((row) => row['QUERY PLAN']).join('\n')}`);
  }
}

await main();
