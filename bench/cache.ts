import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { openDb, type Db } from '../db/client.ts';
import { newId } from '../db/ids.ts';
import { ApiClient } from '../tests/helpers/api-client.ts';
import { Product } from '../tests/helpers/product.ts';
import { seedStream } from '../tests/helpers/streams.ts';
import { benchEnvironment, type BenchEnvironment } from './lib/environment.ts';
import type { GetLoad, GetLoadResult } from './lib/get-load.ts';
import { summarise } from './lib/latencies.ts';
import { statsOf } from './lib/process-stats.ts';
import { machineFacts, printTable } from './lib/report.ts';

/**
 * What the cache does for lists: GET /streams and GET /vod without it, with it in memory and in Redis (where REDIS_URL is set),
 * and with it while rows of the list change.
 * Usage: npm run bench:cache -- [--seconds 8] [--connections 16] [--rows 10000] [--changes 5]
 */
const number = (name: string, fallback: number): number => Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) || fallback;
const SECONDS = number('seconds', 8);
const CONNECTIONS = number('connections', 16);
const ROWS = number('rows', 10_000);
const CHANGES = number('changes', 5);
const LOAD = fileURLToPath(new URL('lib/get-load.ts', import.meta.url));

/** First pages as people see them: of everything, and by a filter. */
const LISTS: Record<string, string[]> = {
  'GET /streams': ['/streams?limit=50', '/streams?limit=50&status=live', '/streams?limit=50&status=ended'],
  'GET /vod': ['/vod?limit=50', '/vod?limit=50&q=number%209'],
};

interface Setting {
  name: string;
  env: Record<string, string>;
  /** Rows that change, a second. */
  changes: number;
}

const redis = process.env.REDIS_URL;
const SETTINGS: Setting[] = [
  { name: 'none', env: { CACHE_TTL_S: '0' }, changes: 0 },
  { name: 'memory', env: {}, changes: 0 },
  ...(redis ? [{ name: 'Redis', env: { REDIS_URL: redis }, changes: 0 }] : []),
  { name: `none, ${CHANGES} changes/s`, env: { CACHE_TTL_S: '0' }, changes: CHANGES },
  { name: `memory, ${CHANGES} changes/s`, env: {}, changes: CHANGES },
  ...(redis ? [{ name: `Redis, ${CHANGES} changes/s`, env: { REDIS_URL: redis }, changes: CHANGES }] : []),
];

type Row = (string | number)[];

async function main(): Promise<void> {
  const environment = await benchEnvironment();
  const { db, close } = openDb({ url: environment.databaseUrl, max: 4, name: 'bench' });
  const rows: Row[] = [];
  try {
    let token: string | null = null;
    for (const setting of SETTINGS) {
      console.error(setting.name);
      rows.push(...(await measure(environment, db, setting, token, (made) => (token = made))));
    }
    console.log(`\n${machineFacts()}\n${environment.described}${redis ? ', Redis given' : ', no Redis (REDIS_URL)'}`);
    console.log(
      `Method: one API process, the load from another process over ${CONNECTIONS} loopback connections that ask again at once, ${SECONDS} s each after 2 s of warming up; ` +
        `${ROWS} streams and ${ROWS} videos in one workspace; pages of 50, the first of several lists in turn. Changes: that many rows of each table are updated each second, ` +
        'each of which empties what is kept of its list. Every answer is complete: sign-in, membership and permission are checked in the database each time.',
    );
    printTable(['list', 'cache', 'answers/s', 'p50 ms', 'p99 ms', 'CPU of the API, cores', 'not 200'], rows.toSorted(([one], [other]) => String(one).localeCompare(String(other))));
  } finally {
    await close();
    await environment.close();
  }
}

async function measure({ databaseUrl, temporalAddress, mqttUrl }: BenchEnvironment, db: Db, { name, env, changes }: Setting, known: string | null, keep: (token: string) => void): Promise<Row[]> {
  const product = await Product.start({ databaseUrl, temporalAddress, mqttUrl, env: { LOG_LEVEL: 'warn', WORKSPACE_RATE_PER_MINUTE: '100000000', ...env }, parts: ['api'] });
  const stop = new AbortController();
  try {
    const token = known ?? (await seed(db, product.apiUrl));
    keep(token);
    const changing = changes > 0 ? change(db, changes, stop.signal) : Promise.resolve();
    const rows: Row[] = [];
    for (const [list, paths] of Object.entries(LISTS)) {
      const load: GetLoad = { base: product.apiUrl, paths, token, seconds: SECONDS, connections: CONNECTIONS };
      await run({ ...load, seconds: 2 });
      const before = await statsOf(product.pid('api'));
      const { statuses, seconds, latencies } = await run(load);
      const after = await statsOf(product.pid('api'));
      const answered = statuses['200'] ?? 0;
      const others = Object.values(statuses).reduce((sum, each) => sum + each, 0) - answered;
      if (others > 0) process.exitCode = 1;
      const { p50, p99 } = summarise(latencies);
      rows.push([list, name, answered / seconds, p50, p99, (after.cpu_s - before.cpu_s) / seconds, others]);
    }
    stop.abort();
    await changing;
    return rows;
  } finally {
    stop.abort();
    await product.stop();
  }
}

async function run(load: GetLoad): Promise<GetLoadResult> {
  const child = fork(LOAD, [JSON.stringify(load)], { execArgv: ['--import', 'tsx'] });
  const [result] = (await once(child, 'message')) as [GetLoadResult];
  return result;
}

/** Somebody with many streams and videos. @returns their access token */
async function seed(db: Db, apiUrl: string): Promise<string> {
  const { token } = await ApiClient.register(apiUrl);
  const owner = await db.selectFrom('workspace_members').select(['workspace_id', 'user_id']).executeTakeFirstOrThrow();
  // One stream as the product makes it, and its copies.
  const { id } = await seedStream(db, owner, { description: 'A description of some length, as people write it for a stream that they have planned for the evening.' });
  const columns = (await sql<{ column_name: string }>`select column_name from information_schema.columns where table_name = 'streams' and column_name not in ('id', 'stream_key_hash', 'title', 'status')`.execute(db)).rows.map(({ column_name }) => column_name);
  for (let index = 0; index < ROWS; index += 1_000) {
    const numbers = Array.from({ length: Math.min(1_000, ROWS - index) }, (_, offset) => index + offset);
    const copies = numbers.map((at) => ({ id: newId(), title: `Stream number ${at}`, hash: `${newId()}${at}`, status: at % 100 === 0 ? 'live' : 'ended' }));
    await sql`insert into streams (id, title, stream_key_hash, status, ${sql.join(columns.map((name) => sql.ref(name)))})
      select new.id, new.title, new.hash, new.status, ${sql.join(columns.map((name) => sql.ref(`old.${name}`)))}
      from streams old, jsonb_to_recordset(${JSON.stringify(copies)}::jsonb) as new (id uuid, title text, hash text, status text) where old.id = ${id}`.execute(db);
    await db
      .insertInto('vods')
      .values(numbers.map((at) => ({ id: newId(), workspace_id: owner.workspace_id, user_id: owner.user_id, title: `Video number ${at}`, visibility: 'public', source: 'upload', status: 'failed' })))
      .execute();
  }
  await sql`analyze`.execute(db);
  return token;
}

/** What a workspace on air does to its lists: rows change, evenly over each second. */
async function change(db: Db, perSecond: number, signal: AbortSignal): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    await sql`update streams set viewer_count = ${turn} where id = (select id from streams where status = 'live' order by id limit 1 offset ${turn % 10})`.execute(db);
    await sql`update vods set description = ${String(turn)} where id = (select id from vods order by id desc limit 1 offset ${turn % 10})`.execute(db);
    await new Promise((resolve) => setTimeout(resolve, 1_000 / perSecond));
  }
}

await main();
