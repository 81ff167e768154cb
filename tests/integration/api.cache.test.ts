import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createClient } from 'redis';
import { sql } from 'kysely';
import { createApp } from '../../api/app.ts';
import type { Cache } from '../../api/cache.ts';
import { openCache } from '../../api/cache-open.ts';
import { cacheNamespace, createRedisStore } from '../../api/cache-redis.ts';
import { createCache } from '../../api/cache-through.ts';
import { createApiMetrics, type ApiMetrics } from '../../api/metrics.ts';
import { newId } from '../../db/ids.ts';
import { eventually } from '../helpers/eventually.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { seedStream } from '../helpers/streams.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

/** Absent where nothing answers; CI demands it (tests/helpers/global-setup.ts). */
const REDIS = process.env.TEST_REDIS_URL ?? '';
const STORES = ['memory', ...(REDIS ? ['redis'] : [])] as const;

let api: TestApi;
let owner: Person;
beforeAll(async () => {
  api = await createTestApi();
  owner = await api.person();
});
afterAll(() => api.close());

interface ApiProcess {
  get(path: string): Promise<{ status: number; body: { id: string; title: string; vod_id: string | null; items: { id: string; title: string }[] } }>;
  send(method: string, path: string, body?: unknown): Promise<Response>;
  results(): Promise<Record<string, number>>;
  metrics: ApiMetrics;
  cache: Cache;
}

const opened: Cache[] = [];
afterEach(async () => {
  for (const cache of opened.splice(0)) await cache.close();
});

/** An API process, as far as its cache goes: routes, cache and listener of its own over the same database. */
async function apiProcess(store: (typeof STORES)[number], redisUrl = REDIS): Promise<ApiProcess> {
  const metrics = createApiMetrics({ processMetrics: false });
  const cache = openCache({ databaseUrl: api.database.url, redisUrl: store === 'redis' ? redisUrl : null, ttlS: 30, version: api.deps.config.version, metrics, logger: api.deps.logger });
  opened.push(cache);
  const app = createApp({ ...api.deps, cache, metrics });
  const headers = { authorization: `Bearer ${owner.token}`, 'content-type': 'application/json' };
  const process: ApiProcess = {
    async get(path) {
      const answer = await app.request(path, { headers });
      return { status: answer.status, body: (await answer.json()) as never };
    },
    send: async (method, path, body) => app.request(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
    async results() {
      const { values } = await metrics.cache.requests.get();
      return Object.fromEntries(values.map(({ labels, value }) => [labels.result, value]));
    },
    metrics,
    cache,
  };
  // It believes what is kept once it hears of changes.
  await eventually(async () => {
    await process.cache.through('warm', [], 1, () => Promise.resolve(1));
    return (await process.results()).hit;
  });
  return process;
}

const rename = async (id: string, title: string): Promise<void> => {
  await api.database.db.updateTable('streams').set({ title }).where('id', '=', id).execute();
};

const titles = async (process: ApiProcess): Promise<string[]> => (await process.get('/streams')).body.items.map(({ title }) => title);

describe.each(STORES)('Lists and details kept in %s', (store) => {
  let stream: { id: string };
  let one: ApiProcess;
  let other: ApiProcess;
  beforeEach(async () => {
    await api.database.db.deleteFrom('streams').execute();
    stream = await seedStream(api.database.db, owner, { title: 'first' });
    [one, other] = [await apiProcess(store), await apiProcess(store)];
  });

  test('are given without asking the database, and say so in the metrics', async () => {
    await one.get(`/streams/${stream.id}`);
    const before = (await one.results()).hit ?? 0;
    await one.get(`/streams/${stream.id}`);
    expect((await one.results()).hit).toBe(before + 1);
    expect(await one.metrics.registry.metrics()).toMatch(/showrunner_cache_requests_total\{result="hit"\} \d/);
  });

  test('are emptied in every process by a change, whoever makes it', async () => {
    for (const process of [one, other]) expect([await titles(process), (await process.get(`/streams/${stream.id}`)).body.title]).toEqual([['first'], 'first']);
    await rename(stream.id, 'second');
    for (const process of [one, other]) {
      await eventually(async () => (await titles(process))[0] === 'second' && (await process.get(`/streams/${stream.id}`)).body.title === 'second');
    }
    await api.database.db.deleteFrom('streams').where('id', '=', stream.id).execute();
    for (const process of [one, other]) {
      await eventually(async () => (await titles(process)).length === 0 && (await process.get(`/streams/${stream.id}`)).status === 404);
    }
    await seedStream(api.database.db, owner, { title: 'third' });
    for (const process of [one, other]) await eventually(async () => (await titles(process))[0] === 'third');
  });

  test('of videos are emptied too, also of what a worker changes', async () => {
    const id = newId();
    await api.database.db.insertInto('vods').values({ id, workspace_id: owner.workspace_id, user_id: owner.user_id, title: 'raw', visibility: 'private', source: 'upload', status: 'processing' }).execute();
    const seen = async (process: ApiProcess): Promise<(string | undefined)[]> => [(await process.get('/vod')).body.items[0]?.title, (await process.get(`/vod/${id}`)).body.title];
    for (const process of [one, other]) await eventually(async () => (await seen(process)).every((title) => title === 'raw'));
    await api.database.db.updateTable('vods').set({ title: 'done' }).where('id', '=', id).execute();
    for (const process of [one, other]) await eventually(async () => (await seen(process)).every((title) => title === 'done'));
    await api.database.db.deleteFrom('vods').where('id', '=', id).execute();
    for (const process of [one, other]) await eventually(async () => (await process.get('/vod')).body.items.length === 0);
  });

  test('tell of a stream’s recording once there is one, and no more once it is deleted', async () => {
    const seen = async (process: ApiProcess): Promise<unknown> => (await process.get(`/streams/${stream.id}`)).body.vod_id;
    for (const process of [one, other]) expect(await seen(process)).toBeNull();
    const id = newId();
    const row = { id, workspace_id: owner.workspace_id, user_id: owner.user_id, stream_id: stream.id, title: 'recorded', visibility: 'private' as const, source: 'recording' as const, status: 'processing' as const };
    await api.database.db.insertInto('vods').values(row).execute();
    for (const process of [one, other]) await eventually(async () => (await seen(process)) === id);
    expect((await one.send('DELETE', `/vod/${id}`, {})).status).toBe(204);
    for (const process of [one, other]) await eventually(async () => (await seen(process)) === null, { timeoutMs: 5_000 });
  });

  test('show a change at once to whoever made it', async () => {
    await titles(one);
    await one.get(`/streams/${stream.id}`);
    expect((await one.send('PUT', `/streams/${stream.id}`, { title: 'mine' })).status).toBe(200);
    expect([await titles(one), (await one.get(`/streams/${stream.id}`)).body.title]).toEqual([['mine'], 'mine']);
  });

  test('are emptied for one workspace and not for others', async () => {
    const stranger = await api.person();
    await titles(one);
    const before = (await one.results()).hit ?? 0;
    await seedStream(api.database.db, stranger, { title: 'theirs' });
    await eventually(async () => (await one.metrics.cache.invalidations.get()).values[0]!.value >= 2);
    expect(await titles(one)).toEqual(['first']);
    expect((await one.results()).hit).toBe(before + 1);
  });

  test('are not believed after a time in which nothing was heard of changes', async () => {
    await titles(one);
    await api.database.db.transaction().execute(async (transaction) => {
      // The notice of this change goes to nobody.
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'showrunner-listener' and datname = current_database()`.execute(transaction);
      await transaction.updateTable('streams').set({ title: 'unheard' }).where('id', '=', stream.id).execute();
    });
    await eventually(async () => (await titles(one))[0] === 'unheard');
    const before = (await one.results()).hit ?? 0;
    await eventually(async () => (await titles(one)).length === 1 && ((await one.results()).hit ?? 0) > before);
  });

  test('do not keep a load that began before a change that came from another process', async () => {
    const id = newId();
    let late: (value: string) => void = () => undefined;
    let started = false;
    const begun = one.cache.through(id, [`stream:${stream.id}`], 60, () => new Promise<string>((resolve) => {
      started = true;
      late = resolve;
    }));
    await eventually(() => started);
    const heard = (await one.metrics.cache.invalidations.get()).values[0]!.value;
    await rename(stream.id, 'changed');
    await eventually(async () => (await one.metrics.cache.invalidations.get()).values[0]!.value > heard);
    late('old');
    expect(await begun).toBe('old');
    for (const process of [one, other]) expect(await process.cache.through(id, [`stream:${stream.id}`], 60, () => Promise.resolve('new'))).toBe('new');
  });
});

const describeWithRedis = REDIS ? describe : describe.skip;

describeWithRedis('Redis', () => {
  test('that is away costs nothing but the cache, is said once, and is used again when it is back', async () => {
    const { proxy, url } = await TcpProxy.toUrl(REDIS, 6379);
    try {
      await api.database.db.deleteFrom('streams').execute();
      const stream = await seedStream(api.database.db, owner, { title: 'first' });
      const process = await apiProcess('redis', url);
      await titles(process);
      const logged = api.log().length;
      proxy.cut();
      await rename(stream.id, 'while it was away');
      await eventually(async () => (await titles(process))[0] === 'while it was away' && ((await process.results()).bypass ?? 0) > 0);
      for (let index = 0; index < 20; index++) expect((await process.get('/streams')).status).toBe(200);
      expect(api.log().slice(logged).match(/Redis is away/g)).toHaveLength(1);
      proxy.mend();
      const before = (await process.results()).hit ?? 0;
      await eventually(async () => (await titles(process))[0] === 'while it was away' && ((await process.results()).hit ?? 0) > before, { timeoutMs: 30_000 });
      expect(api.log().slice(logged).match(/Redis is back/g)).toHaveLength(1);
    } finally {
      await proxy.close();
    }
  });

  test('that forgets a tag forgets what has it', async () => {
    const namespace = cacheNamespace(`postgres://nowhere/${newId()}`, '1');
    const store = createRedisStore({ url: REDIS, namespace, logger: quietLog });
    const cache = createCache(store, { result: () => undefined, invalidated: () => undefined, failed: () => undefined });
    const client = createClient({ url: REDIS });
    await client.connect();
    try {
      await eventually(async () => {
        await cache.through('row', ['t'], 60, () => Promise.resolve('old'));
        return (await client.keys(`showrunner:cache:${namespace}:entry:*`)).length === 1;
      });
      expect(await client.del(`showrunner:cache:${namespace}:tag:t`)).toBe(1);
      expect(await cache.through('row', ['t'], 60, () => Promise.resolve('new'))).toBe('new');
      const keys = await client.keys(`showrunner:cache:${namespace}:*`);
      for (const key of keys) expect(await client.ttl(key)).toBeGreaterThan(0);
      await client.del(keys);
    } finally {
      client.destroy();
      await cache.close();
    }
  });
});
