import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createClient } from 'redis';
import type { LiveEvent } from '../../domain/contracts/live-event.ts';
import { createRedisEvents, eventStreamKey, type RedisEventsOptions } from '../../messaging/event-stream.ts';
import { eventually } from '../helpers/eventually.ts';
import { quietLog } from '../helpers/quiet-log.ts';

/** Absent where nothing answers; CI demands it (tests/helpers/global-setup.ts). */
const REDIS = process.env.TEST_REDIS_URL ?? '';
const describeWithRedis = REDIS ? describe : describe.skip;

const event = (comment: string): LiveEvent => ({
  id: randomUUID(),
  livestream_id: randomUUID(),
  type: 'comment',
  msg_id: '1',
  position: 1,
  occurred_at: '2026-01-01T00:00:00.000Z',
  received_at: '2026-01-01T00:00:00.000Z',
  is_history: false,
  user_id: '7',
  username: 'ada',
  nickname: 'Ada',
  avatar_url: null,
  comment,
  language: 'en',
});

describeWithRedis('The Redis Stream of a workspace', () => {
  const reader = createClient({ url: REDIS });
  const opened: (() => unknown)[] = [];
  const workspaces: string[] = [];
  beforeAll(() => reader.connect());
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((close) => close()));
  });
  afterAll(async () => {
    if (workspaces.length > 0) await reader.del(workspaces.map(eventStreamKey));
    reader.destroy();
  });

  const workspace = (): string => {
    const id = randomUUID();
    workspaces.push(id);
    return id;
  };
  const publisher = (options: Partial<RedisEventsOptions> = {}) => {
    const events = createRedisEvents({ url: REDIS, logger: quietLog, ...options });
    opened.push(events.close);
    return events;
  };
  const entries = async (id: string) => ((await reader.xRange(eventStreamKey(id), '-', '+')) ?? []).map(({ message }) => message);
  const comments = async (id: string): Promise<string[]> =>
    (await entries(id)).map(({ data = '{}' }) => (JSON.parse(data) as { comment: string }).comment);

  test('gets each event in order', async () => {
    const id = workspace();
    const sent = [event('a'), event('b'), event('c')];
    publisher().publish(id, sent);
    await eventually(async () => (await comments(id)).length === 3);
    expect(await comments(id)).toEqual(['a', 'b', 'c']);
    const [first] = await entries(id);
    expect(first).toMatchObject({ id: sent[0]?.id, type: 'comment', livestream_id: sent[0]?.livestream_id });
    expect(JSON.parse(first?.data ?? '')).toEqual(sent[0]);
  });

  test('is trimmed to about its length', async () => {
    const id = workspace();
    const events = publisher({ maxLength: 1_000 });
    events.publish(
      id,
      Array.from({ length: 5_000 }, (_, index) => event(String(index))),
    );
    await eventually(() => events.waiting === 0);
    const length = await reader.xLen(eventStreamKey(id));
    expect(length).toBeGreaterThanOrEqual(1_000);
    expect(length).toBeLessThan(1_300);
  });

  test('gets what waited once Redis is back', async () => {
    const id = workspace();
    const proxy = await startProxy();
    opened.push(proxy.stop);
    const events = publisher({ url: `redis://127.0.0.1:${proxy.port}` });
    events.publish(id, [event('before')]);
    await eventually(async () => (await comments(id)).length === 1);
    await proxy.stop();
    events.publish(id, [event('during')]);
    const again = await startProxy(proxy.port);
    opened.push(again.stop);
    await eventually(async () => (await comments(id)).at(-1) === 'during');
  });
});

test('Redis is never waited for: what it does not take in time is dropped, oldest first, and counted', async () => {
  let dropped = 0;
  const events = createRedisEvents({
    url: 'redis://127.0.0.1:9',
    logger: quietLog,
    maxBuffer: 10,
    onDropped: (count) => (dropped += count),
  });
  for (let index = 0; index < 25; index += 1) events.publish('w', [event(String(index))]);
  expect({ dropped, waiting: events.waiting }).toEqual({ dropped: 15, waiting: 10 });
  await events.close();
});

async function startProxy(port = 0): Promise<{ port: number; stop: () => Promise<void> }> {
  const target = new URL(REDIS);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const upstream = connect(Number(target.port || 6379), target.hostname);
    for (const each of [socket, upstream]) {
      sockets.add(each);
      each.on('error', () => undefined);
    }
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      sockets.forEach((socket) => socket.destroy());
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
