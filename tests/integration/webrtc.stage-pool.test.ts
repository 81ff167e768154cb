import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { addStageMetrics } from '../../workers/media/stage-metrics.ts';
import { eventually } from '../helpers/eventually.ts';
import { openStageWorld, workerBinary, type StageWorld } from '../helpers/stage-world.ts';
import type { Edge, Stage } from '../../media/stage.ts';
import type { types } from 'mediasoup';

let world: StageWorld;

afterEach(async () => world.close());

/** A consumer on the edge's router, and how many bytes it has sent on. */
async function take(edge: Edge, producer: types.Producer): Promise<{ consumer: types.Consumer; sent: () => Promise<number> }> {
  const transport = await edge.router.createDirectTransport();
  const consumer = await transport.consume({ producerId: await edge.reach(producer), rtpCapabilities: edge.router.rtpCapabilities });
  return { consumer, sent: async () => (await consumer.getStats()).filter(({ type }) => type === 'outbound-rtp').reduce((sum, { byteCount }) => sum + byteCount, 0) };
}

const places = async (stage: Stage, count: number): Promise<Edge[]> => Promise.all(Array.from({ length: count }, () => stage.edge()));

describe('one stage', () => {
  test('opens once for all who ask at the same time, and is found until it is closed', async () => {
    world = await openStageWorld();
    const [a, b] = await Promise.all([world.pool.open('one'), world.pool.open('one')]);
    expect(a).toBe(b);
    expect(world.pool.find('one')).toBe(a);
    let closed = 0;
    a.on('closed', () => (closed += 1));
    world.pool.close('one');
    world.pool.close('one');
    expect(closed).toBe(1);
    expect(world.pool.find('one')).toBeNull();
    expect(await world.pool.stats()).toMatchObject({ stages: 0, routers: 0, workers: [{ stages: 0 }] });
    await expect(a.edge()).rejects.toMatchObject({ code: 'stream_not_live' });
  });

  test('takes an encoder, and counts its bytes also when it is gone', async () => {
    world = await openStageWorld();
    const stage = await world.pool.open(randomUUID());
    const gone: string[] = [];
    stage.on('producer_gone', ({ producer }) => gone.push(producer.kind));
    const source = await world.feed(stage);
    expect(stage.main('video')).toBe(source.video);
    expect(stage.main('audio')).toBe(source.audio);
    const before = await stage.receivedBytes();
    expect(before).toBeGreaterThan(0);
    await eventually(async () => (await stage.receivedBytes()) > before + 20_000);
    const last = await stage.receivedBytes();
    await source.stop();
    expect(gone.toSorted()).toEqual(['audio', 'video']);
    expect(stage.producers()).toEqual([]);
    expect(await stage.receivedBytes()).toBeGreaterThanOrEqual(last);
  });

  test('shows guests to nobody as the main picture', async () => {
    world = await openStageWorld();
    const stage = await world.pool.open(randomUUID());
    await world.feed(stage, { main: false, audio: false });
    expect(stage.producers()).toHaveLength(1);
    expect(stage.main('video')).toBeNull();
    expect(await stage.receivedBytes()).toBe(0);
  });
});

describe('viewers', () => {
  test('beyond the limit of one worker are put on another, and get the media piped', async () => {
    world = await openStageWorld({ workers: 2, viewersPerWorker: 2 });
    const stage = await world.pool.open(randomUUID());
    const source = await world.feed(stage);
    const edges = await places(stage, 4);
    expect(edges.map(({ router }) => router === stage.origin)).toEqual([true, true, false, false]);
    expect(new Set(edges.map(({ router }) => router)).size).toBe(2);
    expect(await edges[3]!.reach(source.video!)).toBe(await edges[2]!.reach(source.video!));
    const near = await take(edges[0]!, source.video!);
    const far = await take(edges[3]!, source.video!);
    await eventually(async () => (await near.sent()) > 10_000 && (await far.sent()) > 10_000);
    expect((await world.pool.stats()).workers.map(({ viewers }) => viewers)).toEqual([2, 2]);
  });

  test('get what is produced after they came, on every worker', async () => {
    world = await openStageWorld({ workers: 2, viewersPerWorker: 1 });
    const stage = await world.pool.open(randomUUID());
    const [, far] = await places(stage, 2);
    const source = await world.feed(stage, { audio: false });
    const taken = await take(far!, source.video!);
    await eventually(async () => (await taken.sent()) > 10_000);
    const closed = new Promise<void>((resolve) => taken.consumer.observer.once('close', resolve));
    await source.stop();
    await closed;
  });

  test('are refused beyond the host’s limit, until one has left', async () => {
    world = await openStageWorld({ maxViewers: 2 });
    const [one, two] = [await world.pool.open('one'), await world.pool.open('two')];
    const counts: number[] = [];
    one.on('viewers', (count) => counts.push(count));
    const edge = await one.edge();
    await two.edge();
    await expect(one.edge()).rejects.toMatchObject({ code: 'media_full' });
    edge.leave();
    edge.leave();
    await one.edge();
    expect(counts).toEqual([1, 0, 1]);
    await expect(two.edge()).rejects.toMatchObject({ code: 'media_full' });
  });

  test('leave nothing behind: the last one of an edge closes it', async () => {
    world = await openStageWorld({ workers: 2, viewersPerWorker: 1 });
    const stage = await world.pool.open(randomUUID());
    const edges = await places(stage, 3);
    expect(await world.pool.stats()).toMatchObject({ routers: 2, viewers: 3 });
    for (const edge of edges) edge.leave();
    await eventually(async () => (await world.pool.stats()).routers === 1);
    expect(stage.viewers()).toBe(0);
    expect((await world.pool.stats()).workers.map(({ viewers }) => viewers)).toEqual([0, 0]);
  });
});

describe('a worker that is killed', () => {
  const kill = async (index: number): Promise<number> => {
    const { pid } = (await world.pool.stats()).workers.find((worker) => worker.index === index)!;
    process.kill(pid, 'SIGKILL');
    return pid;
  };

  test('is replaced, and its stage goes on with another origin', async () => {
    world = await openStageWorld();
    const stage = await world.pool.open(randomUUID());
    const before = stage.origin;
    await world.feed(stage);
    const said: string[] = [];
    stage.on('producer_gone', ({ producer }) => said.push(producer.kind));
    const reset = new Promise<void>((resolve) => stage.on('reset', () => { said.push('reset'); resolve(); }));
    const pid = await kill(0);
    await reset;
    expect(said.toSorted()).toEqual(['audio', 'reset', 'video']);
    expect(said.at(-1)).toBe('reset');
    expect(stage.origin).not.toBe(before);
    const stats = await world.pool.stats();
    expect(stats).toMatchObject({ deaths: 1, stages: 1, routers: 1, producers: 0 });
    expect(stats.workers[0]!.pid).not.toBe(pid);
    const source = await world.feed(stage);
    const taken = await take(await stage.edge(), source.video!);
    await eventually(async () => (await taken.sent()) > 10_000);
  });

  test('takes the viewers of an edge with it, and the stage opens another edge', async () => {
    world = await openStageWorld({ workers: 2, viewersPerWorker: 1 });
    const stage = await world.pool.open(randomUUID());
    const source = await world.feed(stage, { audio: false });
    const [, far] = await places(stage, 2);
    const lost = new Promise<void>((resolve) => far!.router.observer.once('close', resolve));
    await kill(1);
    await lost;
    far!.leave();
    await eventually(async () => (await world.pool.stats()).workers.length === 2);
    const again = await stage.edge();
    expect(again.router).not.toBe(stage.origin);
    const taken = await take(again, source.video!);
    await eventually(async () => (await taken.sent()) > 10_000);
    expect(source.video!.closed).toBe(false);
  });

  test('again and again does not stop the pool', async () => {
    world = await openStageWorld();
    const stage = await world.pool.open(randomUUID());
    for (let round = 1; round <= 3; round += 1) {
      const reset = new Promise<void>((resolve) => stage.on('reset', resolve));
      await kill(0);
      await reset;
    }
    expect((await world.pool.stats()).deaths).toBe(3);
    expect(stage.origin.closed).toBe(false);
  });
});

test('no process is left behind by the shutdown', async () => {
  world = await openStageWorld({ workers: 2 });
  const { workers } = await world.pool.stats();
  await world.pool.shutdown();
  for (const { pid } of workers) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  await expect(world.pool.open('late')).rejects.toMatchObject({ code: 'media_worker_died' });
});

test('a parent that is killed takes its workers with it', async () => {
  world = await openStageWorld();
  const script = `
    import { pino } from 'pino';
    import { createStagePool } from '${new URL('../../media/webrtc/stage-pool.ts', import.meta.url).href}';
    const pool = await createStagePool({ workerBin: ${JSON.stringify(workerBinary())}, workers: 1, rtcPort: 0, listenIp: '127.0.0.1', maxViewers: 1, logger: pino({ level: 'silent' }) });
    console.log((await pool.stats()).workers[0].pid);`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(() => process.kill(pid, 0)).not.toThrow();
    parent.kill('SIGKILL');
    await eventually(() => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
  } finally {
    parent.kill('SIGKILL');
  }
});

describe('what is announced', () => {
  const announced = async () => {
    const stage = await world.pool.open(randomUUID());
    const transport = await stage.origin.createWebRtcTransport({ webRtcServer: stage.webRtcServerOf(stage.origin) });
    return transport.iceCandidates.map(({ protocol, address, port }) => ({ protocol, address, port }));
  };

  test('is the given address, and one port for UDP and TCP, also after the worker was replaced', async () => {
    const port = await freePort();
    world = await openStageWorld({ rtcPort: port, announcedAddress: 'media.example.com' });
    const both = [{ protocol: 'udp', address: 'media.example.com', port }, { protocol: 'tcp', address: 'media.example.com', port }];
    expect(await announced()).toEqual(both);
    process.kill((await world.pool.stats()).workers[0]!.pid, 'SIGKILL');
    await eventually(async () => (await world.pool.stats()).deaths === 1 && (await world.pool.stats()).workers.length === 1);
    expect(await announced()).toEqual(both);
  });

  test('is never 0.0.0.0', async () => {
    world = await openStageWorld({ listenIp: '0.0.0.0' });
    for (const { address } of await announced()) expect(address).toMatch(/^(?!0\.0\.0\.0)\d+\.\d+\.\d+\.\d+$/);
  });

  test('a port that is taken is said at the start, and nothing is left running', async () => {
    world = await openStageWorld();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    try {
      await expect(openStageWorld({ rtcPort: (taken.address() as AddressInfo).port })).rejects.toThrow(/port bind failed|address already in use/);
    } finally {
      taken.close();
    }
  });
});

test('Prometheus is told what mediasoup holds and uses', async () => {
  world = await openStageWorld();
  const registry = new Registry();
  addStageMetrics(registry, world.pool);
  const stage = await world.pool.open(randomUUID());
  const source = await world.feed(stage);
  const edge = await stage.edge();
  const text = await registry.metrics();
  for (const line of ['showrunner_webrtc_viewers 1', 'showrunner_stages 1', 'showrunner_mediasoup_deaths 0', 'showrunner_mediasoup_objects{kind="producers"} 2', 'showrunner_mediasoup_viewers{worker="0"} 1']) expect(text).toContain(line);
  expect(Number(/showrunner_mediasoup_cpu_seconds\{worker="0"\} (\S+)/.exec(text)![1])).toBeGreaterThan(0);
  edge.leave();
  await source.stop();
  expect(await registry.metrics()).toContain('showrunner_mediasoup_objects{kind="producers"} 0');
});

test('more kinds of numbering than there are browsers are refused', async () => {
  world = await openStageWorld({ maxViewers: 100 });
  const stage = await world.pool.open(randomUUID());
  const dialect = (preferredPayloadType: number) => stage.edge([{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2, preferredPayloadType }]);
  const edges = [];
  for (let at = 0; at < 32; at += 1) edges.push(await dialect(96 + at));
  await expect(dialect(50)).rejects.toMatchObject({ code: 'media_full' });
  expect((await dialect(96)).router).toBe(edges[0]!.router);
  expect(stage.viewers()).toBe(33);
  edges[1]!.leave();
  expect((await dialect(50)).router.rtpCapabilities.codecs![0]!.preferredPayloadType).toBe(50);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
