import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isReadyMessage } from '../config/lifecycle.ts';
import { openDb } from '../db/client.ts';
import { newId } from '../db/ids.ts';
import { signToken } from '../db/signed-token.ts';
import { Product } from '../tests/helpers/product.ts';
import { seedStream } from '../tests/helpers/recordings.ts';
import { seedWorkspace } from '../tests/helpers/seed.ts';
import { ChatCrowd } from './lib/chat-load.ts';
import { benchEnvironment } from './lib/environment.ts';
import { summarise, type Summary } from './lib/latencies.ts';
import { statsOf } from './lib/process-stats.ts';
import { machineFacts, median, printTable } from './lib/report.ts';

/**
 * Chat messages delivered by one core: our API process, which stores each before anybody sees it, beside bare Socket.IO, which
 * stores none, in turns, with the same crowd. The server has a core to itself where taskset is there; the crowd is in this process.
 * Usage: npm run bench:chat -- [--sockets 200] [--rate 150] [--seconds 10] [--rounds 3]
 */
const read = (name: string, fallback: number): number => (process.argv.includes(`--${name}`) ? Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) || fallback : fallback);
const SOCKETS = read('sockets', 200);
/** Below one and a half a second for each user: more is refused as a burst. */
const RATE = read('rate', 150);
const SECONDS = read('seconds', 10);
const ROUNDS = read('rounds', 3);
const WARM_UP_S = 3;
const JWT_SECRET = 'bench-secret-bench-secret-bench-secret';

interface Round {
  delivered: number;
  expected: number;
  perCpuSecond: number;
  cpuShare: number;
  rssMb: number;
  summary: Summary;
}

async function main(): Promise<void> {
  if (RATE / SOCKETS > 1.5) throw new Error('More than 1.5 messages a second for each user are refused as bursts: take more sockets, or a lower rate.');
  const environment = await benchEnvironment();
  const database = openDb({ url: environment.databaseUrl });
  const product = await Product.start({ ...environment, env: { LOG_LEVEL: 'warn', JWT_SECRET }, parts: ['api'] });
  const bare = await startBare();
  try {
    const owner = await seedWorkspace(database.db);
    const stream_id = await seedStream(database.db, owner);
    const tokens = await crowd(database.db);
    const pinned = (await Promise.all([pin(product.pid('api'), 0), pin(bare.child.pid!, 0), pin(process.pid, availableParallelism() - 1)])).every(Boolean);
    const ours: Round[] = [];
    const theirs: Round[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      ours.push(await measure(product.apiUrl, product.pid('api'), stream_id, tokens));
      theirs.push(await measure(bare.url, bare.child.pid!, stream_id, tokens));
    }
    report(ours, theirs, environment.described, pinned);
  } finally {
    bare.child.disconnect();
    await product.stop();
    await database.close();
    await environment.close();
  }
}

async function measure(url: string, pid: number, stream_id: string, tokens: readonly string[]): Promise<Round> {
  const load = new ChatCrowd({ url, stream_id, tokens, messagesPerSecond: RATE, seconds: SECONDS });
  try {
    await load.connect();
    await load.run(WARM_UP_S);
    const before = await statsOf(pid);
    const { sent, refused, delivered, latencies } = await load.run(SECONDS);
    const after = await statsOf(pid);
    if (refused > 0) throw new Error(`${refused} of ${sent} messages were refused`);
    const cpu = after.cpu_s - before.cpu_s;
    return { delivered, expected: sent * tokens.length, perCpuSecond: delivered / cpu, cpuShare: cpu / SECONDS, rssMb: after.rss_mb, summary: summarise(latencies) };
  } finally {
    load.close();
  }
}

async function crowd(db: ReturnType<typeof openDb>['db']): Promise<string[]> {
  const ids = Array.from({ length: SOCKETS }, () => newId());
  await db
    .insertInto('users')
    .values(ids.map((id) => ({ id, email: `${id}@example.test`, full_name: 'Bench', password_hash: 'none' })))
    .execute();
  return Promise.all(ids.map((id) => signToken('access', id, JWT_SECRET, 3_600)));
}

async function startBare(): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(fileURLToPath(new URL('./lib/bare-chat.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(60_000) })) as [unknown];
  if (!isReadyMessage(message) || message.url === undefined) throw new Error('the bare server did not start');
  return { child, url: message.url };
}

/** All threads of a process on one core. @returns whether that could be done */
async function pin(pid: number, core: number): Promise<boolean> {
  try {
    await promisify(execFile)('taskset', ['-a', '-p', '-c', String(core), String(pid)], { timeout: 5_000 });
    return true;
  } catch {
    return false;
  }
}

function report(ours: readonly Round[], theirs: readonly Round[], described: string, pinned: boolean): void {
  const { version } = JSON.parse(readFileSync(new URL('../node_modules/socket.io/package.json', import.meta.url), 'utf8')) as { version: string };
  const of = (rounds: readonly Round[], value: (round: Round) => number): number => median(rounds.map(value));
  const row = (who: string, rounds: readonly Round[]): (string | number)[] => [
    who,
    `${rounds.reduce((sum, { delivered }) => sum + delivered, 0)} of ${rounds.reduce((sum, { expected }) => sum + expected, 0)}`,
    of(rounds, ({ delivered }) => delivered / SECONDS),
    of(rounds, ({ perCpuSecond }) => perCpuSecond),
    of(rounds, ({ cpuShare }) => cpuShare * 100),
    of(rounds, ({ summary }) => summary.p50),
    of(rounds, ({ summary }) => summary.p99),
    of(rounds, ({ rssMb }) => rssMb),
  ];
  console.log(`\n${machineFacts()}\n${described}, Socket.IO ${version}, WebSocket only`);
  console.log(
    `Method: ${SOCKETS} users in one room, one socket each, ${RATE} messages a second in all, due by the clock, for ${SECONDS} s after ${WARM_UP_S} s of warm-up; ${ROUNDS} rounds, ours and bare in turns; medians. ` +
      `Server ${pinned ? 'pinned to one core, crowd to another' : 'and crowd not pinned (no taskset)'}; PostgreSQL takes what is left. Latency: send to arrival, sampled. Delivered by a core: deliveries / CPU seconds of the server process.`,
  );
  printTable(['', 'delivered', 'delivered/s', 'delivered by a core/s', 'CPU %', 'p50 ms', 'p99 ms', 'RSS MB'], [row('Showrunner (stored)', ours), row(`Socket.IO ${version}, bare`, theirs)]);
  console.log(`Showrunner delivers ${((of(ours, ({ perCpuSecond }) => perCpuSecond) / of(theirs, ({ perCpuSecond }) => perCpuSecond)) * 100).toFixed(0)} % of bare Socket.IO by a core (aim: 80 %).`);
}

await main();
