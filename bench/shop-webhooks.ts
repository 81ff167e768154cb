import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openDb, type Db } from '../db/client.ts';
import { newId } from '../db/ids.ts';
import { SANDBOX_SHOP_APP } from '../domain/sandbox-app.ts';
import { Product } from '../tests/helpers/product.ts';
import { seedShop } from '../tests/helpers/shop-webhooks.ts';
import { benchEnvironment } from './lib/environment.ts';
import { summarise } from './lib/latencies.ts';
import { statsOf } from './lib/process-stats.ts';
import { machineFacts, printTable } from './lib/report.ts';
import type { WebhookLoad, WebhookLoadResult } from './lib/webhook-load.ts';

/**
 * How many signed webhooks one API process keeps, and how long each waits for its answer.
 * Usage: npm run bench:shop-webhooks -- [--seconds 10] [--rate 1000] [--connections 64]
 */
const number = (name: string, fallback: number): number => Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) || fallback;
const SECONDS = Math.min(20, number('seconds', 10));
const RATE = number('rate', 1_000);
const CONNECTIONS = number('connections', 64);
const LOAD = fileURLToPath(new URL('lib/webhook-load.ts', import.meta.url));

interface Round extends WebhookLoadResult {
  rows: number;
  received: number;
  cpu: number;
}

async function main(): Promise<void> {
  const environment = await benchEnvironment();
  const product = await Product.start({
    ...environment,
    env: { LOG_LEVEL: 'warn', TIKTOK_SHOP_APP_KEY: SANDBOX_SHOP_APP.app_key, TIKTOK_SHOP_APP_SECRET: SANDBOX_SHOP_APP.app_secret },
    parts: ['api'],
  });
  const { db, close } = openDb({ url: environment.databaseUrl, max: 2, name: 'bench' });
  try {
    const { shop_id } = await seedShop(db, { shop_id: newId() });
    const round = (seconds: number, rate: number | null, duplicates: number) =>
      measure(db, product, { url: `${product.apiUrl}/webhook/`, app: SANDBOX_SHOP_APP, shop_id, seconds, rate, connections: CONNECTIONS, duplicates });
    console.error('warming up');
    await round(3, null, 0);
    const rounds: [string, Round][] = [];
    for (const [name, rate, duplicates] of [
      [`${RATE}/s`, RATE, 0],
      [`${RATE}/s, 10 % duplicates`, RATE, 0.1],
      ['at most', null, 0],
      ['at most, 10 % duplicates', null, 0.1],
    ] as const) {
      console.error(name);
      rounds.push([name, await round(SECONDS, rate, duplicates)]);
    }
    console.log(`\n${machineFacts()}\n${environment.described}`);
    console.log(
      `Method: one API process, the load from another process over ${CONNECTIONS} loopback connections, ${SECONDS} s each after 3 s of warming up. At a rate the time of ` +
        'an answer counts from the moment at which the webhook was due. No worker runs: what is measured is what TikTok waits for.',
    );
    printTable(
      ['load', 'answered 200', 'others', 'accepted/s', 'p50 ms', 'p99 ms', 'max ms', 'CPU of the API, cores', 'rows, expected', 'rows', 'received, counted'],
      rounds.map(([name, { statuses, seconds, latencies, unique, rows, received, cpu }]) => {
        const accepted = statuses['200'] ?? 0;
        const others = Object.values(statuses).reduce((sum, each) => sum + each, 0) - accepted;
        const { p50, p99, max } = summarise(latencies);
        return [name, accepted, others, accepted / seconds, p50, p99, max, cpu / seconds, unique, rows, received];
      }),
    );
    const wrong = rounds.filter(([, { statuses, unique, rows, received }]) => rows !== unique || received !== statuses['200']);
    if (wrong.length > 0) {
      console.error(`Rows and answers differ: ${wrong.map(([name, { statuses }]) => `${name} ${JSON.stringify(statuses)}`).join('; ')}`);
      process.exitCode = 1;
    }
  } finally {
    await product.stop();
    await close();
    await environment.close();
  }
}

async function measure(db: Db, product: Product, load: WebhookLoad): Promise<Round> {
  await db.deleteFrom('shop_webhooks').execute();
  const before = await statsOf(product.pid('api'));
  const child = fork(LOAD, [JSON.stringify(load)], { execArgv: ['--import', 'tsx'] });
  const [result] = (await once(child, 'message')) as [WebhookLoadResult];
  const after = await statsOf(product.pid('api'));
  const { rows, received } = await db
    .selectFrom('shop_webhooks')
    .select(({ fn }) => [fn.countAll<number>().as('rows'), fn.sum<number>('times_received').as('received')])
    .executeTakeFirstOrThrow();
  return { ...result, rows, received: Number(received), cpu: after.cpu_s - before.cpu_s };
}

await main();
