import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { atMost } from '../activities/accounts/at-most.ts';
import { createAccountCalls } from '../activities/accounts/create-account-calls.ts';
import { openDb, type Db } from '../db/client.ts';
import type { TokenGrant } from '../domain/contracts/open-api.ts';
import { tiktokTokenWorkflowId } from '../domain/names.ts';
import { SANDBOX_APP } from '../domain/sandbox-app.ts';
import { createOpenApiClient } from '../tiktok/open-api/index.ts';
import { seedSocialAccount, testSecrets } from '../tests/helpers/accounts.ts';
import { Product } from '../tests/helpers/product.ts';
import { quietLog } from '../tests/helpers/quiet-log.ts';
import { seedWorkspace } from '../tests/helpers/seed.ts';
import { openApiControlOf } from '../tests/helpers/tiktok-consent.ts';
import { benchEnvironment } from './lib/environment.ts';
import { summarise } from './lib/latencies.ts';
import { machineFacts, printTable } from './lib/report.ts';

/**
 * After an outage: the tokens of all accounts end within a minute, nobody has refreshed them, and then everybody calls at once.
 * How many refreshes does TikTok see, and does anybody call with a token that is dead?
 * Usage: npm run bench:tokens -- [--accounts 1000] [--callers 100]
 */
const number = (name: string, fallback: number): number => Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) || fallback;
const ACCOUNTS = number('accounts', 1_000);
const CALLERS = number('callers', 100);
/** So that what is measured is how long it takes, and not whom it takes too long. */
const PATIENCE_MS = 600_000;
/** Left of the tokens' lives when all call: between nothing and this. */
const LEFT_S = 28;
const REAL_LIFE_S = 7_200;
/** Requests on the wire at once; the callers themselves all wait at the same time. */
const WIRES = 64;
const SCOPES = ['user.info.basic'];

interface Round {
  latencies: number[];
  failures: string[];
  seconds: number;
  refreshes: number;
  replayed: number;
  dead: number;
}

interface Counts {
  refreshes: number;
  replayed_refreshes: number;
  dead_access_tokens: number;
}

async function main(): Promise<void> {
  const environment = await benchEnvironment();
  const prefix = `bench-${randomUUID().slice(0, 8)}-`;
  const product = await Product.start({ ...environment, env: { LOG_LEVEL: 'warn', TEMPORAL_TASK_QUEUE_PREFIX: prefix }, parts: ['sandbox', 'publish'] });
  const { db, close } = openDb({ url: environment.databaseUrl, max: 10, name: 'bench' });
  const connection = await NativeConnection.connect({ address: environment.temporalAddress });
  const client = new Client({ connection });
  const tiktok = createOpenApiClient({ openApiUrl: product.sandboxUrl, app: SANDBOX_APP, timeoutMs: 60_000 });
  const control = openApiControlOf(product.sandboxUrl);
  let ids: string[] = [];
  try {
    await control.patch('/settings', { limits: { user_info: 1_000_000 } });
    console.error(`${ACCOUNTS} accounts are being connected`);
    ids = await connect(db, control);
    const calls = createAccountCalls({ db, secrets: testSecrets(), client, taskQueuePrefix: prefix, logger: quietLog, refreshMs: PATIENCE_MS });
    const wire = atMost(WIRES);
    const callOnce = (id: string) => calls.withToken(id, { scope: 'user.info.basic' }, (token) => wire(() => tiktok.userInfo(token, SCOPES)));
    const counts = () => control.get<Counts>('/counts');
    const rounds: [string, Round][] = [];
    for (const name of ['all tokens at their end', 'the same callers again']) {
      console.error(`${ACCOUNTS * CALLERS} callers: ${name}`);
      rounds.push([name, await round(ids, callOnce, counts)]);
    }
    console.log(`\n${machineFacts()}\n${environment.described}`);
    console.log(
      `Method: ${ACCOUNTS} accounts whose access tokens end within ${LEFT_S} s, ${CALLERS} callers each, all at once; strict rotation. Sandbox, worker and callers ` +
        `are a process each. What TikTok saw is the sandbox's own count.`,
    );
    printTable(
      ['round', 'calls', 'failed', 'refreshes', 'replayed', 'calls with a dead token', 'took s', 'p50 ms', 'p99 ms', 'max ms'],
      rounds.map(([name, { latencies, failures, seconds, refreshes, replayed, dead }]) => {
        const { count, p50, p99, max } = summarise(latencies);
        return [name, count, failures.length, refreshes, replayed, dead, seconds, Math.round(p50), Math.round(p99), Math.round(max)];
      }),
    );
    const reasons = [...new Set(rounds.flatMap(([, { failures }]) => failures))];
    if (reasons.length > 0) console.log(`Failures: ${reasons.slice(0, 5).join('; ')}`);
  } finally {
    await inLanes(ids, 20, (id) => client.workflow.getHandle(tiktokTokenWorkflowId(id)).terminate().catch(() => undefined));
    await product.stop();
    await Promise.all([tiktok.close(), connection.close(), close()]);
    await environment.close();
  }
}

/** Accounts with pairs of the sandbox whose access tokens end soon, each at its own time. */
async function connect(db: Db, control: ReturnType<typeof openApiControlOf>): Promise<string[]> {
  const { workspace_id } = await seedWorkspace(db);
  const secrets = testSecrets();
  const ids: string[] = [];
  const names = Array.from({ length: ACCOUNTS }, (_, index) => `bench${index}`);
  await inLanes(names, 16, (username) => control.post('/accounts', { username }));
  const slices = 8;
  for (let slice = 0; slice < slices; slice++) {
    const left = Math.max(1, Math.round((LEFT_S * (slice + 1)) / slices));
    await control.patch('/settings', { tokens: { access_lifetime_s: left } });
    await inLanes(names.filter((_, index) => index % slices === slice), 16, async (username) => {
      const at = Date.now();
      const grant = toGrant(await control.post<TokenBody>(`/accounts/${username}/grant`));
      const over = { token_obtained_at: new Date(at - (REAL_LIFE_S - left) * 1_000), access_expires_at: new Date(at + left * 1_000) };
      ids.push(await seedSocialAccount(db, secrets, workspace_id, grant, over));
    });
  }
  await control.patch('/settings', { tokens: { access_lifetime_s: REAL_LIFE_S } });
  return ids;
}

interface TokenBody {
  open_id: string;
  scope: string;
  access_token: string;
  expires_in: number;
  refresh_token: string;
  refresh_expires_in: number;
}
const toGrant = (body: TokenBody): TokenGrant => ({
  open_id: body.open_id,
  scopes: body.scope.split(','),
  access_token: body.access_token,
  access_expires_in_s: body.expires_in,
  refresh_token: body.refresh_token,
  refresh_expires_in_s: body.refresh_expires_in,
});

async function round(ids: readonly string[], callOnce: (id: string) => Promise<{ ok: true } | { ok: false; code: string; reason: string }>, counts: () => Promise<Counts>): Promise<Round> {
  const before = await counts();
  const latencies: number[] = [];
  const failures: string[] = [];
  const startedAt = performance.now();
  const caller = async (id: string): Promise<void> => {
    const since = performance.now();
    const result = await callOnce(id);
    latencies.push(performance.now() - since);
    if (!result.ok) failures.push(`${result.code}: ${result.reason}`);
  };
  await Promise.all(ids.flatMap((id) => Array.from({ length: CALLERS }, () => caller(id))));
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = await counts();
  return {
    latencies,
    failures,
    seconds,
    refreshes: after.refreshes - before.refreshes,
    replayed: after.replayed_refreshes - before.replayed_refreshes,
    dead: after.dead_access_tokens - before.dead_access_tokens,
  };
}

async function inLanes<T>(items: readonly T[], lanes: number, run: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

await main();
