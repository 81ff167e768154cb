import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createBroadcastStarter } from '../../activities/streaming/broadcast-starter.ts';
import { newId } from '../../db/ids.ts';
import type { IngestVodInput } from '../../domain/contracts/vod.ts';
import { taskQueue } from '../../domain/names.ts';
import { runFfmpeg } from '../../media/ffmpeg/run-ffmpeg.ts';
import { addMediaMetrics } from '../../workers/media/media-metrics.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { asked, exposedByUs } from '../helpers/metric-names.ts';
import { Product } from '../helpers/product.ts';
import { promtool } from '../helpers/promtool.ts';
import { seedWorkspace } from '../helpers/seed.ts';
import { freePort } from '../helpers/start.ts';
import { seedStream } from '../helpers/streams.ts';
import { testTemporal } from '../helpers/temporal.ts';

jest.setTimeout(240_000);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('A worker of the role media', () => {
  let product: Product;
  let url: string;
  let failing: { terminate(): Promise<unknown> };
  let temporal: Awaited<ReturnType<typeof testTemporal>>;
  const dataDir = mkdtempSync(join(tmpdir(), 'showrunner-metrics-'));
  beforeAll(async () => {
    const prefix = `metrics-${randomUUID().slice(0, 8)}-`;
    temporal = await testTemporal();
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    product = await Product.start({
      databaseUrl: database.url,
      temporalAddress: process.env.TEST_TEMPORAL_ADDRESS!,
      env: { METRICS_PORT: String(port), TEMPORAL_TASK_QUEUE_PREFIX: prefix, MEDIA_HOST_ID: 'measured', DATA_DIR: dataDir },
      parts: ['media'],
    });
    const stream = await seedStream(database.db, await seedWorkspace(database.db));
    const starter = createBroadcastStarter(temporal.client, prefix);
    await starter.start({ stream_id: stream.id, workspace_id: stream.workspace_id, record: true, scheduled_for_ms: null, request_id: null });
    // Not an id: its activity fails until its workflow is ended, and is counted as such.
    const ingest: IngestVodInput = { vod_id: 'no-uuid', workspace_id: stream.workspace_id, source: 'upload', stream_id: null, request_id: null };
    failing = await temporal.client.workflow.start('ingestVod', { taskQueue: taskQueue('media', prefix), workflowId: `${prefix}fails`, args: [ingest] });
  });
  afterAll(async () => {
    await failing.terminate();
    await product.stop();
    await temporal.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const metrics = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
  const namesIn = (text: string): Set<string> => new Set(text.split('\n').flatMap((line) => (line.startsWith('#') || line === '' ? [] : [line.split(/[{ ]/)[0]!])));

  test('exposes what dashboard and alerts ask for, the Temporal SDK’s own figures among it', async () => {
    const wanted = asked().filter((name) => name.startsWith('temporal_'));
    expect(wanted.length).toBeGreaterThan(4);
    await eventually(async () => {
      const there = namesIn(await metrics());
      expect(wanted.filter((name) => !there.has(name))).toEqual([]);
      return true;
    }, { timeoutMs: 60_000 });
    const text = await metrics();
    for (const name of ['showrunner_disk_free_bytes', 'showrunner_segments_waiting 0', 'showrunner_stream_sessions{kind="whip"} 0', 'showrunner_webrtc_viewers 0', 'process_resident_memory_bytes']) expect(text).toContain(`\n${name}`);
    expect(text).toContain('task_queue="');
  });

  test('is written in the format that Prometheus reads', async () => {
    const tool = await promtool();
    if (tool === null) return expect(process.env.CI).toBeUndefined();
    const checking = promisify(execFile)(tool, ['check', 'metrics']);
    checking.child.stdin!.end(await metrics());
    // Its advice about names goes to stderr, with 3; what can't be read ends with 1.
    await checking.catch((error: { code: number; stderr: string }) => expect([error.code, error.stderr]).toEqual([3, expect.not.stringContaining('error while linting')]));
  });

  test('says on its media port that it is well, and what works there', async () => {
    const [{ public_url }] = (await database.db.selectFrom('media_hosts').select('public_url').where('id', '=', 'measured').execute()) as [{ public_url: string }];
    const health = await fetch(`${public_url}/health`);
    expect(await health.json()).toEqual({ status: 'ok', host: 'measured', features: ['whip', 'rtmp', 'hls', 'recording'] });
    await eventually(async () => /showrunner_http_request_duration_seconds_count\{method="GET",route="\/health",status="200"\} \d/.test(await metrics()));
  });
});

describe('A media host’s figures', () => {
  const registry = new Registry();
  beforeAll(() => addMediaMetrics({ registry, db: database.db, hostId: 'host-a', folder: '/tmp' }));
  const value = async (line: string): Promise<number | null> => {
    const found = (await registry.metrics()).split('\n').find((each) => each.startsWith(`${line} `));
    return found === undefined ? null : Number(found.split(' ').at(-1));
  };

  async function session(hostId: string, startedSecondsAgo: number): Promise<{ stream_id: string; id: string }> {
    const stream = await seedStream(database.db, await seedWorkspace(database.db), { status: 'live', record: true });
    const id = newId();
    await database.db
      .insertInto('stream_sessions')
      .values({ id, stream_id: stream.id, epoch: 1, kind: 'rtmp', host_id: hostId, started_at: new Date(Date.now() - startedSecondsAgo * 1_000) })
      .execute();
    return { stream_id: stream.id, id };
  }

  async function segment(at: { stream_id: string; id: string }, hostId: string, sequence: number, state: 'open' | 'closed' | 'stored', secondsAgo: number): Promise<void> {
    const run_id = newId();
    const started_at = new Date(Date.now() - secondsAgo * 1_000);
    await database.db.insertInto('recording_runs').values({ id: run_id, stream_id: at.stream_id, session_id: at.id, host_id: hostId, number: sequence, started_at, init_state: 'closed' }).execute();
    await database.db.insertInto('recording_segments').values({ stream_id: at.stream_id, sequence, run_id, state, started_at, updated_at: started_at, sha256: 'ab'.repeat(32) }).execute();
  }

  test('count its encoders and not those of others', async () => {
    await session('host-a', 0);
    await session('host-b', 0);
    expect(await value('showrunner_stream_sessions{kind="rtmp"}')).toBe(1);
    expect(await value('showrunner_streams{status="live"}')).toBeGreaterThanOrEqual(2);
  });

  test('tell of a recording that stands still, and not of one that brings segments', async () => {
    const going = await session('host-a', 60);
    await segment(going, 'host-a', 1, 'open', 2);
    expect(await value('showrunner_recordings_stalled')).toBe(0);
    const stalled = await session('host-a', 60);
    await segment(stalled, 'host-a', 1, 'stored', 50);
    expect(await value('showrunner_recordings_stalled')).toBe(1);
  });

  test('tell how many segments wait for storage, and since when', async () => {
    const at = await session('host-a', 60);
    for (const [sequence, secondsAgo] of [[1, 90], [2, 30]] as const) await segment(at, 'host-a', sequence, 'closed', secondsAgo);
    await segment(await session('host-b', 60), 'host-b', 1, 'closed', 500);
    expect(await value('showrunner_segments_waiting')).toBe(2);
    const oldest = (await value('showrunner_segments_oldest_seconds'))!;
    expect(oldest).toBeGreaterThan(85);
    expect(oldest).toBeLessThan(300);
  });

  test('tell what ffmpeg processes run, and how those that ended did', async () => {
    const run = runFfmpeg({ command: 'ffmpeg', purpose: 'egress', args: ['-f', 's16le', '-i', 'pipe:0', '-f', 'null', '-'], stdin: true, timeoutMs: 60_000 });
    expect(await value('showrunner_ffmpeg_running{purpose="egress"}')).toBe(1);
    process.kill(run.pid!, 'SIGKILL');
    await run.ended;
    await runFfmpeg({ command: '/nonexistent/ffmpeg', purpose: 'egress', args: [] }).ended;
    expect(await value('showrunner_ffmpeg_running{purpose="egress"}')).toBe(0);
    expect(await value('showrunner_ffmpeg_ended_total{purpose="egress",outcome="failed"}')).toBe(2);
  });

  test('have the names that dashboard and alerts know', async () => {
    const names = exposedByUs();
    for (const name of asked().filter((each) => /^showrunner_(segments|recordings|ffmpeg|disk|stream)/.test(each))) expect(names).toContain(name);
  });
});

test('promtool takes the rules and the configuration, and the alerts fire when they should', async () => {
  const tool = await promtool();
  if (tool === null) return expect(process.env.CI).toBeUndefined();
  const check = (...args: string[]): Promise<{ stdout: string }> => promisify(execFile)(tool, args, { cwd: ROOT });
  expect((await check('check', 'config', 'deploy/prometheus/prometheus.yml')).stdout).toContain('SUCCESS');
  expect((await check('check', 'rules', 'deploy/prometheus/alerts.yml')).stdout).toMatch(/SUCCESS: \d\d rules found/);
  expect((await check('test', 'rules', 'tests/prometheus/alerts.test.yml')).stdout).toContain('SUCCESS');
});
