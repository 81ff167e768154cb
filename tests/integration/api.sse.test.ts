import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { serve } from '@hono/node-server';
import { sql, type KyselyPlugin } from 'kysely';
import type { AddressInfo } from 'node:net';
import { createApp } from '../../api/app.ts';
import type { Router } from '../../api/context.ts';
import { createEventStream } from '../../api/event-stream.ts';
import { createFeedHub, type FeedHub } from '../../api/feed-hub.ts';
import { comment, gift, insertEvents, insertNotification, like, type Place } from '../helpers/events.ts';
import { TestEventSource } from '../helpers/event-source.ts';
import { eventually } from '../helpers/eventually.ts';
import { seedLivestream } from '../helpers/seed.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

let api: TestApi;
let owner: Person;
let place: Place;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  owner = await api.person();
  place = {
    workspace_id: owner.workspace_id,
    livestream_id: await seedLivestream(api.database.db, owner.workspace_id, { status: 'live' }),
  };
});

const open = (options: Partial<Parameters<typeof TestEventSource.open>[1]> = {}, app: Router = api.app) =>
  TestEventSource.open(app, { token: owner.token, ...options });
const insert = (drafts: Parameters<typeof insertEvents>[2], options?: Parameters<typeof insertEvents>[3]) =>
  insertEvents(api.database.db, place, drafts, options);
const idsOf = (source: TestEventSource) => source.events.map(({ data }) => data.id);
const got = (source: TestEventSource, count: number) => source.until(() => source.events.length >= count);

describe('the stream', () => {
  test('begins with what happens next, each event under its type and place', async () => {
    await insert([comment('before')]);
    const source = await open();
    await source.pull();
    const { ids, seq } = await insert([comment('now'), gift(5)]);
    const notification = await insertNotification(api.database.db, owner.workspace_id, 'hello');
    await got(source, 3);
    expect(source.events.map(({ id, event, data }) => [id, event, data.id])).toEqual([
      [`${seq}-2`, 'comment', ids[0]],
      [`${seq}-3`, 'gift', ids[1]],
      [`${seq + 1}`, 'notification', notification],
    ]);
    expect(source.events[0]?.data).toMatchObject({ comment: 'now', position: 2, livestream_id: place.livestream_id });
    expect(source.events[2]?.data).toMatchObject({ type: 'notification', message: 'hello' });
    expect(source.retryMs).toBeGreaterThan(0);
    await source.close();
  });

  test('goes on right behind the last event, also inside a batch, by header or query', async () => {
    const { ids, seq, first_position } = await insert([comment('a'), comment('b'), comment('c')]);
    const next = await insert([comment('d')]);
    for (const options of [{ lastEventId: `${seq}-${first_position}` }, { query: `last_event_id=${seq}-${first_position}` }]) {
      const source = await open(options);
      await got(source, 3);
      expect(idsOf(source)).toEqual([ids[1], ids[2], next.ids[0]]);
      await source.close();
    }
    const source = await open({ lastEventId: `${seq}` });
    await got(source, 1);
    expect(idsOf(source)).toEqual(next.ids);
    await source.close();
  });

  test('a client that was cut before its first event still has a place to come back to', async () => {
    await insert([comment('old')]);
    const source = await open();
    await source.pull();
    await source.close();
    const missed = await insert([comment('missed')]);
    const again = await open({ lastEventId: source.lastEventId });
    await got(again, 1);
    expect(idsOf(again)).toEqual(missed.ids);
    await again.close();
  });

  test('a client that comes back while the first event of all is being stored gets it', async () => {
    const before = await open();
    await before.pull();
    await before.close();
    const inserted: string[] = [];
    // The event is committed right behind the first statement that looks where the feed begins and ends.
    const looks = new WeakSet<object>();
    const meanwhile: KyselyPlugin = {
      transformQuery: ({ node, queryId }) => {
        if (JSON.stringify(node).includes('"workspace_feed"')) looks.add(queryId);
        return node;
      },
      transformResult: async ({ result, queryId }) => {
        if (inserted.length === 0 && looks.has(queryId)) inserted.push(...(await insert([comment('first')])).ids);
        return result;
      },
    };
    const app = createApp({ ...api.deps, db: api.database.db.withPlugin(meanwhile) });
    const again = await open({ lastEventId: before.lastEventId }, app);
    await got(again, 1);
    expect(again.events.map(({ event, data }) => [event, data.id])).toEqual([['comment', inserted[0]]]);
    await again.close();
  });

  test('filters by livestream and by type', async () => {
    const other = { ...place, livestream_id: await seedLivestream(api.database.db, owner.workspace_id, { status: 'live' }) };
    const one = await open({ query: `livestream_id=${place.livestream_id}` });
    const gifts = await open({ query: 'types=gift,notification' });
    await Promise.all([one.pull(), gifts.pull()]);
    await insertEvents(api.database.db, other, [gift(1), comment('other')]);
    await insert([comment('own'), gift(2)]);
    await insertNotification(api.database.db, owner.workspace_id, 'n');
    await Promise.all([got(one, 2), got(gifts, 3)]);
    expect(one.events.map(({ data }) => data.livestream_id)).toEqual([place.livestream_id, place.livestream_id]);
    expect(gifts.events.map(({ event }) => event)).toEqual(['gift', 'gift', 'notification']);
    await Promise.all([one.close(), gifts.close()]);
  });

  test('takes the token from the query, and refuses a wrong place, type, livestream or token', async () => {
    const source = await open({ tokenInQuery: true });
    await source.close();
    const refused = async (path: string, headers = {}) =>
      (await api.call('GET', `/api/events/stream${path}`, { token: owner.token, headers })).status;
    expect(await refused('', { 'last-event-id': 'yesterday' })).toBe(422);
    expect(await refused('?types=party')).toBe(422);
    expect(await refused(`?livestream_id=${await seedLivestream(api.database.db, (await api.person()).workspace_id)}`)).toBe(404);
    expect((await api.call('GET', '/api/events/stream?token=nonsense')).status).toBe(401);
  });

  test('shows nothing of other workspaces', async () => {
    const stranger = await api.person();
    const source = await open();
    await source.pull();
    const elsewhere = {
      workspace_id: stranger.workspace_id,
      livestream_id: await seedLivestream(api.database.db, stranger.workspace_id, { status: 'live' }),
    };
    await insertEvents(api.database.db, elsewhere, [comment('secret')]);
    const { ids } = await insert([comment('mine')]);
    await got(source, 1);
    expect(idsOf(source)).toEqual(ids);
    await source.close();
  });

  test('a lost hint costs no event', async () => {
    const follower = api.deps.feed.follow(owner.workspace_id);
    let waiting = false;
    const watched = {
      ...follower,
      get closed() {
        return follower.closed;
      },
      wait: (ms: number) => ((waiting = true), follower.wait(ms)),
    };
    const source = TestEventSource.of(streamOf(watched, { heartbeatMs: 60_000 }));
    const receiving = got(source, 1);
    await eventually(() => waiting);
    const { ids } = await insert([comment('quiet')], { notify: false });
    await receiving;
    expect(idsOf(source)).toEqual(ids);
    await source.close();
  });

  test('a listening connection that was cut comes back by itself', async () => {
    const source = await open();
    await source.pull();
    const cut = await sql<{ n: number }>`select count(pg_terminate_backend(pid))::int as n from pg_stat_activity
      where datname = current_database() and application_name = 'showrunner-listener'`.execute(api.database.db);
    expect(cut.rows[0]?.n).toBeGreaterThan(0);
    const { ids } = await insert([comment('a')]);
    await got(source, 1);
    await eventually(async () => {
      const { rows } =
        await sql`select from pg_stat_activity where datname = current_database() and application_name = 'showrunner-listener'`.execute(
          api.database.db,
        );
      return rows.length > 0;
    });
    const later = await insert([comment('b')]);
    await got(source, 2);
    expect(idsOf(source)).toEqual([...ids, ...later.ids]);
    await source.close();
  });

  test('a place that is kept no longer gives a reset, then the oldest that is', async () => {
    for (const text of ['a', 'b', 'c']) await insert([comment(text)]);
    await sql`delete from workspace_feed where workspace_id = ${owner.workspace_id} and seq <= 2`.execute(api.database.db);
    const source = await open({ lastEventId: '1-1' });
    await got(source, 2);
    expect(source.events.map(({ id, event }) => [id, event])).toEqual([
      ['2', 'reset'],
      ['3-3', 'comment'],
    ]);
    await source.close();
    await sql`delete from workspace_feed where workspace_id = ${owner.workspace_id}`.execute(api.database.db);
    for (const lastEventId of ['1-1', '99']) {
      const emptied = await open({ lastEventId });
      await got(emptied, 1);
      expect(emptied.events.map(({ id, event }) => [id, event])).toEqual([['3', 'reset']]);
      await emptied.close();
    }
  });

  test('a slow client holds one page; the rest waits in the table', async () => {
    const follower = api.deps.feed.follow(owner.workspace_id);
    let reads = 0;
    const counted = {
      ...follower,
      get closed() {
        return follower.closed;
      },
      read: (after: Parameters<typeof follower.read>[0]) => (reads++, follower.read(after)),
    };
    for (let batch = 0; batch < 4; batch++) await insert(Array.from({ length: 300 }, (_, index) => comment(`${batch}.${index}`)));
    const source = TestEventSource.of(streamOf(counted, { heartbeatMs: 15_000 }));
    await source.pull();
    await source.pull();
    expect([reads, source.events.length <= 500]).toEqual([1, true]);
    await got(source, 1_200);
    expect(source.events.map(({ data }) => data.position)).toEqual(Array.from({ length: 1_200 }, (_, index) => index + 1));
    await source.close();
    expect(follower.closed).toBe(true);
  });

  test('a quiet stream sends heartbeats that carry its place, and ends when the reader loses access', async () => {
    let allowed = true;
    const source = TestEventSource.of(
      streamOf(api.deps.feed.follow(owner.workspace_id), {
        heartbeatMs: 40,
        types: ['gift'],
        stillAllowed: () => Promise.resolve(allowed),
      }),
    );
    await insert([comment('filtered out')]);
    await source.until(() => source.comments.length >= 2 && source.lastEventId !== '0');
    expect([source.events, source.lastEventId]).toEqual([[], '1']);
    allowed = false;
    await source.until(() => false);
    expect(source.ended).toBe(true);
  });

  test('over a real socket, a client that leaves frees its place at once', async () => {
    const hub = createFeedHub({ db: api.database.db, databaseUrl: api.database.url, maxFollowers: 1 });
    const server = serve({ fetch: createApp({ ...api.deps, feed: hub }).fetch, port: 0, hostname: '127.0.0.1' });
    await new Promise<void>((resolve) => server.on('listening', () => resolve()));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/events/stream?token=${owner.token}`;
    const leaving = new AbortController();
    const first = await fetch(url, { signal: leaving.signal });
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    const { ids } = await insert([comment('over the wire')]);
    const source = TestEventSource.of(first.body!);
    await got(source, 1);
    expect(idsOf(source)).toEqual(ids);
    expect((await fetch(url)).status).toBe(429);
    leaving.abort();
    const second = await eventually(async () => {
      const answer = await fetch(url);
      if (answer.status !== 200) await answer.body?.cancel();
      return answer.status === 200 ? answer : null;
    });
    await second.body?.cancel();
    await hub.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test('a hub that closes ends its streams and takes no more', async () => {
    const { app, hub } = secondApi();
    const source = await open({}, app);
    await source.pull();
    const ending = source.until(() => false);
    await hub.close();
    await ending;
    expect(source.ended).toBe(true);
    await expect(open({}, app)).rejects.toThrow('503');
    await hub.close();
  });
});

type StreamOptions = Pick<Parameters<typeof createEventStream>[0], 'heartbeatMs'> & {
  types?: ('gift' | 'like')[];
  stillAllowed?: () => Promise<boolean>;
};

const streamOf = (
  follower: ReturnType<FeedHub['follow']>,
  { heartbeatMs, types, stillAllowed = () => Promise.resolve(true) }: StreamOptions,
) =>
  createEventStream({
    follower,
    start: { seq: 0, position: null },
    startLost: false,
    filter: { types: types && new Set(types) },
    heartbeatMs,
    stillAllowed,
    signals: [],
    onError: (error) => {
      throw error;
    },
  });

/** Another API process on the same database. */
function secondApi(): { app: Router; hub: FeedHub } {
  const hub = createFeedHub({ db: api.database.db, databaseUrl: api.database.url, pageSize: 7 });
  return { app: createApp({ ...api.deps, feed: hub }), hub };
}

test('clients that reconnect at random, to any process, get every event of concurrent writers once and in order', async () => {
  const { app: second, hub } = secondApi();
  const apps = [api.app, second];
  const places = [
    place,
    ...(await Promise.all(
      [1, 2, 3].map(async () => ({
        ...place,
        livestream_id: await seedLivestream(api.database.db, owner.workspace_id, { status: 'live' }),
      })),
    )),
  ];
  const BATCHES = 25;
  const LAST = 'the last one';
  const random = seeded(42);

  const write = async (where: Place, writer: number): Promise<string[]> => {
    const ids: string[] = [];
    for (let batch = 0; batch < BATCHES; batch++) {
      const drafts = Array.from({ length: 1 + Math.floor(random() * 12) }, () => like(1));
      // Some transactions do their work early and commit late, so that others overtake them.
      const dawdle = async () => void (random() < 0.3 && (await sql`select pg_sleep(${random() * 0.02})`.execute(api.database.db)));
      const options = { notify: random() < 0.7, beforeFeed: dawdle, beforeCommit: writer % 2 === 0 ? dawdle : undefined };
      ids.push(
        ...(
          await insertEvents(api.database.db, where, drafts, {
            ...options,
            beforeCommit: options.beforeCommit ?? (() => Promise.resolve()),
          })
        ).ids,
      );
    }
    return ids;
  };

  const follow = async (start: string): Promise<{ ids: string[]; places: string[]; connections: number }> => {
    const ids: string[] = [];
    const seen: string[] = [];
    let lastEventId = start;
    let connections = 0;
    while (seen.at(-1) !== LAST) {
      const source = await open({ lastEventId }, apps[Math.floor(random() * 2)]!);
      connections += 1;
      const patience = 1 + Math.floor(random() * 60);
      await source.until(() => source.events.length >= patience || source.events.at(-1)?.data.comment === LAST);
      // What a socket had in flight when it broke was never seen by the client: cut anywhere.
      const delivered = source.events.slice(0, 1 + Math.floor(random() * source.events.length));
      ids.push(...delivered.map(({ data }) => data.id!));
      seen.push(
        ...delivered.map(({ data }) =>
          data.comment === LAST ? LAST : `${String(data.livestream_id)}:${String(data.position).padStart(6, '0')}`,
        ),
      );
      lastEventId = delivered.at(-1)?.id ?? source.lastEventId;
      await source.close();
    }
    return { ids, places: seen, connections };
  };

  const first = await open();
  await first.pull();
  await first.close();
  const readers = [1, 2, 3].map(() => follow(first.lastEventId));
  const written = (await Promise.all(places.map(write))).flat();
  // What tells the readers that nothing more comes.
  written.push(...(await insert([comment(LAST)])).ids);
  for (const reader of await Promise.all(readers)) {
    expect(reader.ids).toHaveLength(written.length);
    expect(new Set(reader.ids)).toEqual(new Set(written));
    expect(reader.connections).toBeGreaterThan(5);
    for (const { livestream_id } of places) {
      const own = reader.places.filter((entry) => entry.startsWith(livestream_id));
      expect(own).toEqual([...own].sort());
    }
  }
  await hub.close();
});

/** Mulberry32: the same numbers every time. */
function seeded(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
