import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { decode } from '../helpers/decoded.ts';
import { openEgressWorld, settled, type EgressWorld } from '../helpers/egress-world.ts';
import { eventually } from '../helpers/eventually.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';
import type { TestStream } from '../helpers/ingest-world.ts';

/** A process that is asked whether it is there says so by an error. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

const STALL_MS = 8_000;
let world: EgressWorld;
let postgres: TcpProxy;
beforeAll(async () => {
  world = await openEgressWorld({
    stallMs: STALL_MS,
    async databaseUrl(direct) {
      const { proxy, url } = await TcpProxy.toUrl(direct, 5432);
      postgres = proxy;
      return url;
    },
  });
}, 60_000);
afterAll(async () => {
  await world.close();
  await postgres.close();
}, 60_000);
afterEach(() => void world.troubles.splice(0));

const closed = async (stream: TestStream): Promise<number> => (await world.segments(stream)).filter(({ state }) => state !== 'open').length;
const pidOf = (sessionId: string): Promise<number> => eventually(() => world.egress.pidOf(sessionId));

describe('A recording goes on when', () => {
  test('its ffmpeg is killed: a new run begins at once, people are told, nothing before it is lost', async () => {
    const stream = await world.stream();
    const { session, stop } = await world.publish(stream);
    const pid = await pidOf(session.id);
    await eventually(async () => (await closed(stream)) >= 1, { timeoutMs: 60_000 });
    const killedAt = Date.now();
    process.kill(pid, 'SIGKILL');
    await eventually(async () => (await world.runs(stream)).length === 2, { timeoutMs: 30_000 });
    const second = (await world.runs(stream))[1]!;
    await eventually(async () => (await world.segments(stream)).filter(({ run_id, state }) => run_id === second.id && state !== 'open').length >= 2, { timeoutMs: 60_000 });
    await stop();
    const segments = await settled(world, stream, 3);
    expect((await world.runs(stream)).map(({ end_reason }) => end_reason)).toEqual(['ffmpeg_failed', 'closed']);
    expect(segments.every(({ state }) => state === 'stored')).toBe(true);
    const of = (run: string) => segments.filter(({ run_id }) => run_id === run);
    const last = of((await world.runs(stream))[0]!.id).at(-1)!;
    const endOfFirst = last.started_at.getTime() + last.duration_ms;
    expect(killedAt - endOfFirst).toBeLessThan(2_000);
    expect(of(second.id)[0]!.started_at.getTime() - endOfFirst).toBeLessThan(10_000);
    for (const file of await world.joined(stream)) expect((await decode(file)).faults).toBe('');
    expect(world.troubles).toContain('ffmpeg_failed');
    expect(await world.notifications(stream)).toEqual([expect.stringContaining('ffmpeg ended with a fault')]);
  }, 180_000);

  test('its ffmpeg hangs while the encoder delivers: it is killed and started anew, and people are told', async () => {
    const stream = await world.stream();
    const { session, stop } = await world.publish(stream);
    const pid = await pidOf(session.id);
    await eventually(async () => (await closed(stream)) >= 1, { timeoutMs: 60_000 });
    process.kill(pid, 'SIGSTOP');
    await eventually(async () => (await world.runs(stream)).length === 2, { timeoutMs: 60_000 });
    await eventually(() => isGone(pid), { timeoutMs: 20_000 });
    await stop();
    await settled(world, stream, 2);
    expect((await world.runs(stream))[0]!.end_reason).toBe('recording_stalled');
    expect(world.troubles).toEqual(['recording_stalled']);
    await eventually(async () => (await world.notifications(stream)).some((message) => message.includes('was started anew')));
  }, 180_000);

  test('the encoder is silent: ffmpeg is left alone for as long as nothing comes, and nobody is alarmed', async () => {
    const stream = await world.stream();
    const { session, source, stop } = await world.publish(stream);
    await eventually(async () => (await closed(stream)) >= 1, { timeoutMs: 60_000 });
    const pid = await pidOf(session.id);
    process.kill(source.ffmpeg.pid!, 'SIGSTOP');
    const window = world.egress.windows.find(stream.id)!.window;
    await eventually(() => performance.now() - window.changedAt > STALL_MS + 2_000, { timeoutMs: 60_000 });
    expect(world.egress.pidOf(session.id)).toBe(pid);
    process.kill(source.ffmpeg.pid!, 'SIGCONT');
    await eventually(() => performance.now() - window.changedAt < 1_000, { timeoutMs: 60_000 });
    expect(world.troubles).toEqual([]);
    await stop();
  }, 180_000);

  test('sound comes after the video, and goes again: each time by a new run', async () => {
    const stream = await world.stream();
    const { session, stop } = await world.publish(stream, { audio: false });
    await eventually(async () => (await closed(stream)) >= 1, { timeoutMs: 60_000 });
    const sound = await world.ingest.stages.feed(session.stage, { video: false, participantId: session.id });
    await eventually(async () => (await world.runs(stream)).length === 2, { timeoutMs: 30_000 });
    await eventually(async () => (await world.segments(stream)).filter(({ state }) => state !== 'open').length >= 4, { timeoutMs: 60_000 });
    await sound.stop();
    await eventually(async () => (await world.runs(stream)).length === 3, { timeoutMs: 30_000 });
    await stop();
    await settled(world, stream, 4);
    const codecs = (await world.runs(stream)).map((run) => run.codecs);
    expect(codecs).toEqual([expect.stringMatching(/^avc1\.\w+$/), expect.stringMatching(/^avc1\.\w+,mp4a\.40\.2$/), expect.stringMatching(/^avc1\.\w+$/)]);
    expect(world.troubles).toEqual([]);
  }, 180_000);

  test('PostgreSQL is away: segments go to disk and to players, and their lines follow', async () => {
    const stream = await world.stream();
    const { stop } = await world.publish(stream);
    await eventually(async () => (await closed(stream)) >= 1, { timeoutMs: 60_000 });
    postgres.cut();
    try {
      const before = (await world.segments(stream)).length;
      const window = world.egress.windows.find(stream.id)!.window;
      const edge = window.nextSequence;
      await eventually(() => window.nextSequence >= edge + 3, { timeoutMs: 60_000 });
      expect((await world.segments(stream)).length).toBeLessThanOrEqual(before + 1);
      expect(world.egress.ledgerBacklog()).toBeGreaterThan(3);
    } finally {
      postgres.mend();
    }
    await eventually(async () => (await closed(stream)) >= 5, { timeoutMs: 60_000 });
    await stop();
    const segments = await settled(world, stream, 5);
    expect(segments.map(({ state }) => state)).toEqual(segments.map(() => 'stored'));
    expect(segments.map(({ sequence }) => sequence)).toEqual(segments.map((_, index) => index + 1));
    const { faults, duration_s } = await decode((await world.joined(stream))[0]!);
    expect(faults).toBe('');
    expect(duration_s).toBeGreaterThan(8);
  }, 180_000);

  test('the mediasoup worker is killed: once the encoder produces again, a new run begins', async () => {
    const stream = await world.stream();
    const { session, source, stop } = await world.publish(stream);
    await eventually(async () => (await closed(stream)) >= 1, { timeoutMs: 60_000 });
    const reset = new Promise<void>((resolve) => session.stage.on('reset', resolve));
    process.kill((await world.ingest.stages.pool.stats()).workers[0]!.pid, 'SIGKILL');
    await reset;
    await source.stop();
    const again = await world.ingest.stages.feed(session.stage, { participantId: session.id });
    await eventually(async () => (await world.runs(stream)).length === 2, { timeoutMs: 60_000 });
    await eventually(async () => (await closed(stream)) >= 3, { timeoutMs: 60_000 });
    await stop();
    await again.stop();
    expect((await settled(world, stream, 3)).every(({ state }) => state === 'stored')).toBe(true);
  }, 180_000);
});

test('An encoder that never sends a keyframe is told of, once', async () => {
  const stream = await world.stream();
  // The first one is gone before anybody listens, and it is deaf to those who ask for more.
  const { session, stop } = await world.publish(stream, { video: { keyframeSeconds: 500 } });
  await eventually(() => world.troubles.length >= 2, { timeoutMs: 90_000 });
  expect(new Set(world.troubles)).toEqual(new Set(['no_keyframes']));
  expect(await world.notifications(stream)).toEqual([expect.stringContaining('sends no keyframes')]);
  expect(world.ingest.sessions.find(session.id)).not.toBeNull();
  await stop();
}, 180_000);
