import pg from 'pg';
import { ApiClient, controlOf } from '../tests/helpers/api-client.ts';
import { Product } from '../tests/helpers/product.ts';
import { benchEnvironment } from './lib/environment.ts';
import { cpuOfAll, statsOf } from './lib/process-stats.ts';
import { machineFacts, printTable } from './lib/report.ts';
import { activateRules, connectRoom, idleRules } from './lib/show.ts';

/**
 * Events a second from socket to committed row, with 50 active rules: the sandbox sends at a fixed rate (open loop) for
 * --seconds, and what counts is how long after its end the last event was committed, and that every one is there once.
 * Usage: npm run bench:live -- [--rate 10000] [--seconds 60] [--frames 1,10,100]
 */
const options = optionsOf(process.argv.slice(2));

interface LoadState {
  running: boolean;
  sent: number;
  totals: Counters;
}

interface Run {
  per_frame: number;
  sent: number;
  stored: number;
  rate: number;
  lag_ms: number;
  exact: boolean;
  worker_cpu: number;
  postgres_cpu: number;
  rss_start: number;
  rss_end: number;
}

async function main(): Promise<void> {
  const environment = await benchEnvironment();
  const product = await Product.start({ ...environment, env: { LOG_LEVEL: 'warn' } });
  const database = new pg.Pool({ connectionString: environment.databaseUrl });
  try {
    const api = await ApiClient.register(product.apiUrl);
    await activateRules(api, idleRules(50));
    const runs: Run[] = [];
    for (const perFrame of options.frames) runs.push(await run(product, api, database, perFrame));
    console.log(`\n${machineFacts()}\n${environment.described}`);
    console.log(`Method: sandbox → socket → worker → committed row; ${options.rate} events/s offered for ${options.seconds} s, 50 active rules of 3 conditions, one room, one worker process.`);
    printTable(
      ['events/frame', 'sent', 'stored', 'events/s', 'lag at end ms', 'exact', 'worker CPU', 'PostgreSQL CPU', 'RSS start → end MB'],
      runs.map((row) => [
        row.per_frame,
        row.sent,
        row.stored,
        Math.round(row.rate),
        row.lag_ms,
        row.exact ? 'yes' : 'NO',
        `${Math.round(row.worker_cpu * 100)} %`,
        `${Math.round(row.postgres_cpu * 100)} %`,
        `${Math.round(row.rss_start)} → ${Math.round(row.rss_end)}`,
      ]),
    );
  } finally {
    await database.end();
    await product.stop();
    await environment.close();
  }
}

async function run(product: Product, api: ApiClient, database: pg.Pool, perFrame: number): Promise<Run> {
  const room = `load${perFrame}`;
  const control = controlOf(product.sandboxUrl);
  await control.post('/rooms', { name: room });
  const id = await connectRoom(api, room);
  const before = await counters(database, id);
  // A short run first: compilers, caches and pools are warm then.
  await load(control, room, perFrame, 3);
  const warm = await waitStored(database, id, before, await control.get<LoadState>(`/rooms/${room}/load`));
  const live = product.pid('live');
  const start = { worker: await statsOf(live), postgres: await cpuOfAll('postgres'), at: Date.now() };
  await load(control, room, perFrame, options.seconds);
  const state = await control.get<LoadState>(`/rooms/${room}/load`);
  const ended = Date.now();
  const after = await waitStored(database, id, warm, state);
  const seconds = (Date.now() - start.at) / 1000;
  const end = { worker: await statsOf(live), postgres: await cpuOfAll('postgres') };
  await api.post(`/api/livestreams/${id}/disconnect`);
  const stored = after.total_events - warm.total_events;
  return {
    per_frame: perFrame,
    sent: state.totals.total_events,
    stored,
    rate: stored / seconds,
    lag_ms: Date.now() - ended,
    exact: stored === state.totals.total_events && sameTotals(warm, after, state) && (await rowsOf(database, id)) === after.total_events,
    worker_cpu: (end.worker.cpu_s - start.worker.cpu_s) / seconds,
    postgres_cpu: (end.postgres - start.postgres) / seconds,
    rss_start: start.worker.rss_mb,
    rss_end: end.worker.rss_mb,
  };
}

async function load(control: ReturnType<typeof controlOf>, room: string, events_per_frame: number, duration_s: number): Promise<void> {
  await control.post(`/rooms/${room}/load`, { events_per_second: options.rate, events_per_frame, duration_s });
  while ((await control.get<LoadState>(`/rooms/${room}/load`)).running) await pause(200);
}

type Counters = Record<'total_events' | 'total_comments' | 'total_gifts' | 'total_likes' | 'total_joins' | 'total_follows' | 'total_shares', number>;

async function counters(database: pg.Pool, id: string): Promise<Counters> {
  const { rows } = await database.query<Record<keyof Counters, string>>('select total_events, total_comments, total_gifts, total_likes, total_joins, total_follows, total_shares from livestreams where id = $1', [id]);
  return Object.fromEntries(Object.entries(rows[0]!).map(([name, value]) => [name, Number(value)])) as Counters;
}

const rowsOf = async (database: pg.Pool, id: string): Promise<number> =>
  Number((await database.query<{ count: string }>('select count(*) from events where livestream_id = $1', [id])).rows[0]!.count);

/** Waits until as many are stored as were sent, or until nothing more comes for five seconds. */
async function waitStored(database: pg.Pool, id: string, before: Counters, state: LoadState): Promise<Counters> {
  let last = await counters(database, id);
  for (let quiet = Date.now(); Date.now() - quiet < 5_000; await pause(20)) {
    const now = await counters(database, id);
    if (now.total_events - before.total_events >= state.totals.total_events) return now;
    if (now.total_events !== last.total_events) quiet = Date.now();
    last = now;
  }
  return last;
}

function sameTotals(before: Counters, after: Counters, { totals }: LoadState): boolean {
  return (Object.keys(after) as (keyof Counters)[]).every((name) => after[name] - before[name] === totals[name]);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function optionsOf(args: readonly string[]): { rate: number; seconds: number; frames: number[] } {
  const value = (name: string, fallback: string): string => args[args.indexOf(`--${name}`) + 1 || args.length] ?? fallback;
  return { rate: Number(value('rate', '10000')), seconds: Number(value('seconds', '60')), frames: value('frames', '1,10,100').split(',').map(Number) };
}

await main();
