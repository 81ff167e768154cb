import type pg from 'pg';
import { openDb, type Db } from '../db/client.ts';
import { newId } from '../db/ids.ts';
import { sendGift } from '../db/gift.repository.ts';
import { checkAccounts, checkMovements, checkSums } from '../db/ledger-check.repository.ts';
import { findSocialApp } from '../db/social-app.repository.ts';
import { seedWorkspace } from '../tests/helpers/seed.ts';
import { databaseServer } from './lib/database-server.ts';
import { freshDatabase } from './lib/environment.ts';
import { summarise } from './lib/latencies.ts';
import { machineFacts, median, printTable } from './lib/report.ts';

/**
 * Gifts a second, to one popular receiver and to many, beside plain updates of a balance in the same PostgreSQL, by the same client and at the same
 * concurrency, in turns. Ends with 1 where there was a deadlock, or the ledger does not add up afterwards.
 * Usage: npm run bench:wallet -- [--seconds 5] [--rounds 5] [--clients 32]
 */
const number = (name: string, fallback: number): number => Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) || fallback;
const SECONDS = number('seconds', 5);
const ROUNDS = number('rounds', 5);
const CLIENTS = number('clients', 32);
const PEOPLE = 2_000;
const WARM_UP_MS = 500;
const RICH = 1_000_000_000;
const say = (line: string): void => console.error(line);

interface Person {
  id: string;
  account_id: string;
}

interface Load {
  name: string;
  /** Whose half of the pace this one shall reach; null: it is measured against. */
  beside: string | null;
  run: () => Promise<unknown>;
}

interface Measured {
  perSecond: number[];
  latencies: number[];
}

async function main(): Promise<boolean> {
  const server = await databaseServer(say);
  const database = await freshDatabase(server.url);
  const { db, pool, close } = openDb({ url: database.url, max: CLIENTS, name: 'bench' });
  try {
    const world = await makeWorld(db, pool);
    const loads = loadsOf(pool, world);
    const before = await deadlocks(pool);
    const measured = new Map(loads.map(({ name }) => [name, { perSecond: [], latencies: [] } as Measured]));
    // In turns: what else the machine does then meets all of them alike.
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const { name, run } of loads) {
        await drive(run, WARM_UP_MS);
        const { latencies, perSecond } = await drive(run, SECONDS * 1_000);
        measured.get(name)!.perSecond.push(perSecond);
        measured.get(name)!.latencies.push(...latencies);
        say(`round ${round} of ${ROUNDS}, ${name}: ${Math.round(perSecond)}/s`);
      }
    }
    print(`PostgreSQL ${database.version}${server.described}, ${await settings(pool)}`, loads, measured);
    return await judge(db, pool, before);
  } finally {
    await close();
    await database.drop();
    await server.close();
  }
}

interface World {
  workspace_id: string;
  gift: { id: string; name: string; coins: number; image: string };
  senders: Person[];
  receivers: Person[];
}

/** Half of the people give, the other half gets; and a table of balances without anything else. */
async function makeWorld(db: Db, pool: pg.Pool): Promise<World> {
  await seedWorkspace(db);
  const workspace_id = (await findSocialApp(db))!;
  const gift = await db.selectFrom('gifts').select(['id', 'name', 'coins', 'image']).where('name', '=', 'Rose').executeTakeFirstOrThrow();
  const people = Array.from({ length: PEOPLE }, () => ({ id: newId(), account_id: newId() }));
  const [ids, accounts] = [people.map(({ id }) => id), people.map(({ account_id }) => account_id)];
  await pool.query(`insert into users (id, email, full_name, password_hash) select id, id || '@app.invalid', 'Bench', 'none' from unnest($1::uuid[]) as id`, [ids]);
  await pool.query(`insert into app_users (id, workspace_id, username, social, social_id) select id, $2, 'u' || left(replace(reverse(id::text), '-', ''), 20), 'google', id from unnest($1::uuid[]) as id`, [ids, workspace_id]);
  await pool.query(`insert into coin_accounts (id, workspace_id, kind, user_id) select account, $3, 'user', id from unnest($1::uuid[], $2::uuid[]) as p (id, account)`, [ids, accounts, workspace_id]);
  const { rows } = await pool.query<{ id: string }>(`select id from coin_accounts where workspace_id = $1 and kind = 'house'`, [workspace_id]);
  const senders = people.slice(0, PEOPLE / 2);
  const all = [rows[0]!.id, ...senders.map(({ account_id }) => account_id)];
  await pool.query('select move_coins($1, $2, $3, $4, $5, $6)', [newId(), workspace_id, 'grant', 'bench', all, all.map((_, index) => (index === 0 ? -RICH * senders.length : RICH))]);
  await pool.query('create table plain_accounts (id uuid primary key, balance bigint not null) with (fillfactor = 50)');
  await pool.query('insert into plain_accounts select unnest($1::uuid[]), 0', [accounts]);
  await pool.query('vacuum analyze');
  return { workspace_id, gift, senders, receivers: people.slice(PEOPLE / 2) };
}

const ONE_ROW = { name: 'plain-update', text: 'update plain_accounts set balance = balance + $2 where id = $1' };
const NAMES = { plainHot: 'plain UPDATE, one row', plainMany: 'plain UPDATE, many rows', giftHot: 'sendGift, one receiver', giftMany: 'sendGift, many receivers' };

function loadsOf(pool: pg.Pool, { workspace_id, gift, senders, receivers }: World): Load[] {
  const one = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)]!;
  const give = async (receiver: Person): Promise<void> => {
    const { kind } = await sendGift(pool, { workspace_id, request_id: newId(), sender: one(senders), receiver, gift, count: 1, stream_id: null, video_id: null });
    if (kind !== 'given') throw new Error(`a gift was ${kind}`);
  };
  const popular = receivers[0]!;
  return [
    { name: NAMES.plainHot, beside: null, run: () => pool.query({ ...ONE_ROW, values: [popular.account_id, gift.coins] }) },
    { name: NAMES.giftHot, beside: NAMES.plainHot, run: () => give(popular) },
    { name: NAMES.plainMany, beside: null, run: () => pool.query({ ...ONE_ROW, values: [one(receivers).account_id, gift.coins] }) },
    { name: NAMES.giftMany, beside: NAMES.plainMany, run: () => give(one(receivers)) },
  ];
}

/** As many at once as there are clients, each the next as soon as the one before is answered. */
async function drive(run: () => Promise<unknown>, forMs: number): Promise<{ latencies: number[]; perSecond: number }> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  const client = async (): Promise<void> => {
    while (performance.now() - startedAt < forMs) {
      const sentAt = performance.now();
      await run();
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return { latencies, perSecond: latencies.length / ((performance.now() - startedAt) / 1_000) };
}

function print(described: string, loads: readonly Load[], measured: ReadonlyMap<string, Measured>): void {
  console.log(`\n${machineFacts()}\n${described}`);
  console.log(
    `Method: ${CLIENTS} callers in one Node process, each the next call as soon as the one before is answered; ${ROUNDS} rounds of ${SECONDS} s each in turns, after ${WARM_UP_MS / 1_000} s of warming up. Figures: median of the rounds, latencies of all of ` +
      `them. Plain: UPDATE … SET balance = balance + 10 WHERE id = …, one row of a table of id and balance, prepared, by itself, each caller on a connection of its own. sendGift: the function behind the verb, which writes two balances, the movement, ` +
      `two entries and the gift, from one of ${PEOPLE / 2} senders at random, to one receiver or to one of ${PEOPLE / 2}; gifts that come while a statement is under way share the next one and its commit (db/gift-writer.ts), plain updates do not.`,
  );
  const pace = (name: string): number => median(measured.get(name)!.perSecond);
  printTable(
    ['what', 'a second', 'of the plain one', 'p50 ms', 'p99 ms', 'max ms', 'calls'],
    loads.map(({ name, beside }) => {
      const { count, p50, p99, max } = summarise(measured.get(name)!.latencies);
      return [name, Math.round(pace(name)), beside === null ? '' : `${Math.round((pace(name) / pace(beside)) * 100)} %`, p50, p99, max, count];
    }),
  );
}

const deadlocks = async (pool: pg.Pool): Promise<number> => (await pool.query<{ deadlocks: number }>('select deadlocks from pg_stat_database where datname = current_database()')).rows[0]!.deadlocks;

/** What decides how much a commit costs. */
async function settings(pool: pg.Pool): Promise<string> {
  const names = ['fsync', 'synchronous_commit', 'full_page_writes'];
  const { rows } = await pool.query<{ name: string; setting: string }>('select name, setting from pg_settings where name = any($1) order by name', [names]);
  return rows.map(({ name, setting }) => `${name}=${setting}`).join(', ');
}

/** @returns whether there was no deadlock, and all coins are there */
async function judge(db: Db, pool: pg.Pool, deadlocksBefore: number): Promise<boolean> {
  // Sessions report what they counted when they are idle, at most once a second.
  await pool.query('select pg_sleep(1.5)');
  const met = (await deadlocks(pool)) - deadlocksBefore;
  const faults = [...(await checkSums(db, 100)), ...(await allOf((after) => checkAccounts(db, after, 1_000))), ...(await allOf((after) => checkMovements(db, after, 5_000)))];
  console.log(`\nDeadlocks: ${met}. The ledger ${faults.length === 0 ? 'adds up: all balances are the sums of their entries, all movements and all coins add up to zero' : `does not add up: ${JSON.stringify(faults.slice(0, 5))}`}.`);
  return met === 0 && faults.length === 0;
}

async function allOf<T>(check: (after: string | null) => Promise<{ checked: number; last: string | null; faults: T[] }>): Promise<T[]> {
  const faults: T[] = [];
  for (let after: string | null = null; ; ) {
    const batch = await check(after);
    if (batch.checked === 0) return faults;
    faults.push(...batch.faults);
    after = batch.last;
  }
}

main().then(
  (isSound) => process.exit(isSound ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
