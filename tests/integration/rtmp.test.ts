import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../helpers/eventually.ts';
import { decodeStage, flowing, killMediaWorker, openIngestWorld, publishRtmp, type IngestWorld } from '../helpers/ingest-world.ts';
import type { Bridge } from '../../media/rtmp/bridge.ts';
import { runFfmpeg } from '../../media/ffmpeg/run-ffmpeg.ts';
import { createAdmission } from '../../media/rtmp/ingest.ts';
import { listenRtmp, type RtmpServer } from '../../media/rtmp/rtmp-server.ts';

let world: IngestWorld;
let server: RtmpServer;
const bridges = new Map<string, Bridge>();
const troubles: string[] = [];
const urlOf = (key: string): string => `rtmp://127.0.0.1:${server.port}/live/${key}`;

beforeAll(async () => {
  world = await openIngestWorld();
  const admit = createAdmission({ gate: world.gate, sessions: world.sessions, ffmpeg: 'ffmpeg', onTrouble: (_, code) => troubles.push(code), timings: { keyframe_ms: 4_000 }, logger: world.logger });
  server = await listenRtmp({
    host: '127.0.0.1',
    port: 0,
    maxConnections: 20,
    publishWithinMs: 5_000,
    newRequestId: randomUUID,
    logger: world.logger,
    async admit(attempt) {
      const bridge = (await admit(attempt)) as Bridge;
      bridges.set(attempt.stream_key, bridge);
      return bridge;
    },
  });
}, 120_000);

afterAll(async () => {
  await server?.close();
  await world?.close();
}, 60_000);

describe('an encoder by RTMP', () => {
  it('reaches the stage: H.264 copied, sound as Opus, both to be decoded; its goodbye ends the session', async () => {
    const stream = await world.stream();
    const announced: string[] = [];
    const stop = world.sessions.onAnnounced((session) => announced.push(session.grant.stream_id));
    const encoder = publishRtmp(urlOf(stream.key));
    const session = await world.session(stream);
    await flowing(session.stage, ['audio', 'video'], 5_000);
    stop();
    expect(announced).toContain(stream.id);
    expect(session).toMatchObject({ kind: 'rtmp' });
    expect(bridges.get(stream.key)!.plan).toEqual({ video: { codec: 'h264', mode: 'copy', why: null }, audio: { codec: 'aac' }, enhanced: false });
    const [video, audio] = await Promise.all([decodeStage(session.stage, 'video', 30), decodeStage(session.stage, 'audio', 50)]);
    expect(video).toMatchObject({ frames: 30, words: expect.any(String) });
    expect(audio.frames).toBeGreaterThanOrEqual(45);
    await encoder.stop();
    expect(await session.ended).toMatchObject({ reason: 'closed' });
    await eventually(() => bridges.get(stream.key)!.pid === null || !isAlive(bridges.get(stream.key)!.pid!));
  }, 120_000);

  it('is turned away with a key that no stream has, before any media, and the log has no key', async () => {
    const key = `sk_${'x'.repeat(27)}`;
    const end = await publishRtmp(urlOf(key), { seconds: 20 }).ended;
    expect(end).toMatchObject({ timed_out: false });
    expect(end.code).not.toBe(0);
    expect(end.reason).toContain('No stream has this key');
    expect(world.sessions.all().filter(({ kind, grant }) => kind === 'rtmp' && grant.stream_id === key)).toEqual([]);
    expect(world.lines).toContainEqual(expect.objectContaining({ code: 'stream_key_unknown', request_id: expect.any(String) }));
    expect(JSON.stringify(world.lines)).not.toContain(key);
  }, 60_000);

  it('is turned away while another one has the stream', async () => {
    const stream = await world.stream();
    const first = publishRtmp(urlOf(stream.key));
    const session = await world.session(stream);
    await flowing(session.stage, ['video']);
    const end = await publishRtmp(urlOf(stream.key), { seconds: 20 }).ended;
    expect(end.code).not.toBe(0);
    expect(end.reason).toContain('Another encoder publishes');
    expect(world.sessions.ofStream(stream.id)).toBe(session);
    await first.stop();
    await session.ended;
  }, 60_000);

  it('may play nothing', async () => {
    const stream = await world.stream();
    const encoder = publishRtmp(urlOf(stream.key));
    const session = await world.session(stream);
    const end = await runFfmpeg({ command: 'ffmpeg', args: ['-i', urlOf(stream.key), '-t', '1', '-f', 'null', '-'], timeoutMs: 20_000 }).ended;
    expect(end).toMatchObject({ timed_out: false });
    expect(end.code).not.toBe(0);
    await encoder.stop();
    await session.ended;
  }, 60_000);

  it('has pictures with B-frames made anew without them', async () => {
    const stream = await world.stream();
    const encoder = publishRtmp(urlOf(stream.key), { video: ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-b_strategy', '0', '-g', '30', '-pix_fmt', 'yuv420p'] });
    const session = await world.session(stream);
    await flowing(session.stage, ['audio', 'video'], 3_000);
    expect(bridges.get(stream.key)!.plan!.video).toEqual({ codec: 'h264', mode: 'transcode', why: 'B-frames' });
    const { frames, words } = await decodeStage(session.stage, 'video', 30);
    expect({ frames, words }).toMatchObject({ frames: 30, words: expect.not.stringContaining('non monotonically') });
    await encoder.stop();
    await session.ended;
  }, 120_000);

  it.each([
    ['sound alone', { video: [] }, ['audio'] as const],
    ['a picture alone', { audio: [] }, ['video'] as const],
    ['MP3', { audio: ['-c:a', 'libmp3lame'] }, ['audio', 'video'] as const],
    ['Sorenson video', { video: ['-c:v', 'flv1'] }, ['audio', 'video'] as const],
    ['H.264 that browsers do not decode', { video: ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv422p', '-g', '15', '-bf', '0'] }, ['audio', 'video'] as const],
  ])('may send %s', async (_, options, kinds) => {
    const stream = await world.stream();
    const encoder = publishRtmp(urlOf(stream.key), options);
    const session = await world.session(stream);
    await flowing(session.stage, kinds, 1_000);
    expect(session.stage.producers()).toHaveLength(kinds.length);
    const { frames } = await decodeStage(session.stage, kinds.at(-1)!, 15);
    expect(frames).toBeGreaterThanOrEqual(15);
    await encoder.stop();
    await session.ended;
  }, 120_000);

  it('stays in its session with its producers when the bridge’s ffmpeg is killed', async () => {
    const stream = await world.stream();
    const encoder = publishRtmp(urlOf(stream.key));
    const session = await world.session(stream);
    await flowing(session.stage, ['audio', 'video'], 3_000);
    const producers = session.stage.producers();
    const killed = bridges.get(stream.key)!.pid!;
    process.kill(killed, 'SIGKILL');
    await eventually(() => ![null, killed].includes(bridges.get(stream.key)!.pid), { timeoutMs: 30_000 });
    const [before] = await session.stage.main('video')!.getStats();
    await flowing(session.stage, ['video'], before!.byteCount + 5_000);
    expect(world.sessions.ofStream(stream.id)).toBe(session);
    expect(session.stage.producers()).toEqual(producers);
    expect((await decodeStage(session.stage, 'video', 20)).frames).toBe(20);
    await encoder.stop();
    await session.ended;
  }, 120_000);

  it('sends into a new media worker when the stage’s died', async () => {
    const stream = await world.stream();
    const encoder = publishRtmp(urlOf(stream.key));
    const session = await world.session(stream);
    await flowing(session.stage, ['audio', 'video'], 1_000);
    const producers = session.stage.producers();
    const reset = new Promise<void>((resolve) => session.stage.on('reset', () => resolve()));
    await killMediaWorker();
    await reset;
    await eventually(() => session.stage.producers().length === 2 && session.stage.producers().every((each) => !producers.includes(each)), { timeoutMs: 30_000 });
    await flowing(session.stage, ['audio', 'video'], 1_000);
    expect((await decodeStage(session.stage, 'video', 20)).frames).toBe(20);
    expect(world.sessions.ofStream(stream.id)).toBe(session);
    await encoder.stop();
    await session.ended;
  }, 120_000);

  it('that is killed has lost its connection', async () => {
    const stream = await world.stream();
    const encoder = publishRtmp(urlOf(stream.key));
    const session = await world.session(stream);
    await flowing(session.stage, ['video']);
    process.kill(encoder.pid!, 'SIGKILL');
    expect(await session.ended).toMatchObject({ reason: 'connection_lost' });
  }, 60_000);

  it('is turned away when its session ends', async () => {
    const stream = await world.stream();
    const encoder = publishRtmp(urlOf(stream.key));
    const session = await world.session(stream);
    await flowing(session.stage, ['video']);
    session.end('key_revoked', 'The key was rotated.');
    const end = await encoder.ended;
    expect(end).toMatchObject({ timed_out: false, stopped: false });
    expect(end.code).not.toBe(0);
  }, 60_000);

  it('without keyframes is told so, and goes on', async () => {
    const stream = await world.stream();
    const encoder = publishRtmp(urlOf(stream.key), { video: ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-g', '9999', '-sc_threshold', '0'] });
    const session = await world.session(stream);
    await flowing(session.stage, ['video']);
    await eventually(() => world.lines.some((line) => line.code === 'no_keyframes' && line.stream_id === stream.id && line.session_id === session.id), { timeoutMs: 30_000 });
    expect(troubles).toContain('no_keyframes');
    expect(world.sessions.ofStream(stream.id)).toBe(session);
    await encoder.stop();
    await session.ended;
  }, 60_000);
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
