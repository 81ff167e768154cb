import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { types } from 'mediasoup';
import { pino, type Logger } from 'pino';
import { findWorkerBinary } from '../../config/mediasoup-worker.ts';
import { createStagePool, type StagePoolOptions } from '../../media/webrtc/stage-pool.ts';
import type { Stage, StagePool } from '../../media/stage.ts';
import { eventually } from './eventually.ts';

export interface SourceOptions {
  /** false: sound only. Default: 640×360 at 30 frames a second, a keyframe each second. */
  video?: false | { width?: number; height?: number; fps?: number; keyframeSeconds?: number; codec?: 'H264' | 'VP8' };
  /** false: picture only. Default: a tone of 440 Hz. */
  audio?: boolean;
  participantId?: string;
  /** false: the source is a guest. */
  main?: boolean;
}

export interface StageSource {
  participant_id: string;
  video: types.Producer | null;
  audio: types.Producer | null;
  ffmpeg: ChildProcess;
  /** Ends ffmpeg, then its transports and producers. Idempotent. */
  stop(): Promise<void>;
}

export interface StageWorld {
  pool: StagePool;
  /** Sends a test picture (H.264) and a tone (Opus) into the stage by plain transports. @returns once media has arrived of each */
  feed(stage: Stage, options?: SourceOptions): Promise<StageSource>;
  /** Ends sources and workers. */
  close(): Promise<void>;
}

/** Where the worker is; tests that need it can't do without. @throws saying how to get it */
export function workerBinary(): string {
  const found = findWorkerBinary(process.env.MEDIASOUP_WORKER_BIN);
  if (!found) throw new Error('These tests need the mediasoup worker: npm run setup:media');
  return found;
}

/**
 * Real mediasoup workers on free ports of loopback, and encoders for them (ffmpeg).
 *
 *     const world = await openStageWorld({ workers: 1 });
 *     const stage = await world.pool.open(randomUUID());
 *     const source = await world.feed(stage);      // stage.main('video') is there now, and has sent something
 *     …
 *     await source.stop();                          // 'producer_gone' twice
 *     await world.close();
 */
export async function openStageWorld(options: Partial<StagePoolOptions> = {}): Promise<StageWorld> {
  const logger: Logger = options.logger ?? pino({ level: 'silent' });
  const pool = await createStagePool({ workerBin: workerBinary(), workers: 1, rtcPort: 0, listenIp: '127.0.0.1', announcedAddress: undefined, maxViewers: 100, ...options, logger });
  const sources = new Set<StageSource>();
  return {
    pool,
    async feed(stage, given) {
      const source = await feedStage(stage, given ?? {});
      sources.add(source);
      return source;
    },
    async close() {
      await Promise.all([...sources].map((source) => source.stop()));
      await pool.shutdown();
    },
  };
}

const AUDIO = { payloadType: 100, ssrc: 1_111 };
const VIDEO = { payloadType: 101, ssrc: 2_222 };
/** Also where Jest is killed: no ffmpeg runs for ever. */
const LONGEST_S = 600;

async function feedStage(stage: Stage, { video = {}, audio = true, participantId = 'test-source', main = true }: SourceOptions): Promise<StageSource> {
  const routes = await Promise.all([audio ? audioRoute(stage.origin) : null, video ? videoRoute(stage.origin, video.codec) : null]);
  const [audioIn, videoIn] = routes;
  const args = [...(video && videoIn ? videoArguments(video, videoIn.transport) : []), ...(audioIn ? audioArguments(audioIn.transport, video ? 1 : 0) : [])];
  const inputs = [...(video ? ['-re', '-f', 'lavfi', '-i', `testsrc2=size=${video.width ?? 640}x${video.height ?? 360}:rate=${video.fps ?? 30}`] : []), ...(audio ? ['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'] : [])];
  const ffmpeg = spawn(process.env.FFMPEG_PATH || 'ffmpeg', ['-nostdin', '-loglevel', 'error', ...inputs, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  ffmpeg.stderr.on('data', (data) => (said = `${said}${String(data)}`.slice(-2_000)));
  const exited = once(ffmpeg, 'exit');
  const producers = routes.filter((route) => route !== null).map(({ producer }) => producer);
  const stop = async (): Promise<void> => {
    ffmpeg.kill('SIGKILL');
    await exited;
    for (const route of routes) route?.transport.close();
  };
  try {
    await eventually(async () => {
      const stats = await Promise.all(producers.map((producer) => producer.getStats()));
      return ffmpeg.exitCode !== null || stats.every((each) => each.some(({ byteCount }) => byteCount > 0));
    }, { timeoutMs: 30_000 });
    if (ffmpeg.exitCode !== null) throw new Error(`ffmpeg ended: ${said}`);
  } catch (error) {
    await stop();
    throw error;
  }
  for (const producer of producers) stage.add({ producer, participant_id: participantId, main });
  return { participant_id: participantId, audio: audioIn?.producer ?? null, video: videoIn?.producer ?? null, ffmpeg, stop };
}

/** RTP and RTCP on ports of their own: ffmpeg does not multiplex them. */
const plainTransport = (router: types.Router): Promise<types.PlainTransport> => router.createPlainTransport({ listenInfo: { protocol: 'udp', ip: '127.0.0.1' }, rtcpMux: false, comedia: true });

async function audioRoute(router: types.Router) {
  const transport = await plainTransport(router);
  const producer = await transport.produce({
    kind: 'audio',
    rtpParameters: {
      codecs: [{ mimeType: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: AUDIO.payloadType, parameters: { 'sprop-stereo': 1 } }],
      encodings: [{ ssrc: AUDIO.ssrc }],
    },
  });
  return { transport, producer };
}

const H264 = { 'packetization-mode': 1, 'profile-level-id': '42e01f', 'level-asymmetry-allowed': 1 };

async function videoRoute(router: types.Router, codec: 'H264' | 'VP8' = 'H264') {
  const transport = await plainTransport(router);
  const producer = await transport.produce({
    kind: 'video',
    rtpParameters: {
      codecs: [{ mimeType: `video/${codec}`, clockRate: 90_000, payloadType: VIDEO.payloadType, ...(codec === 'VP8' ? {} : { parameters: H264 }) }],
      encodings: [{ ssrc: VIDEO.ssrc }],
    },
  });
  return { transport, producer };
}

const rtp = ({ payloadType, ssrc }: typeof AUDIO, { tuple, rtcpTuple }: types.PlainTransport): string[] => [
  ...['-t', String(LONGEST_S), '-f', 'rtp', '-payload_type', String(payloadType), '-ssrc', String(ssrc)],
  `rtp://127.0.0.1:${tuple.localPort}?rtcpport=${rtcpTuple!.localPort}&pkt_size=1200`,
];

const VP8_ENCODER = ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '800k'];

function videoArguments({ fps = 30, keyframeSeconds = 1, codec = 'H264' }: Exclude<SourceOptions['video'], false | undefined>, transport: types.PlainTransport): string[] {
  const gop = String(Math.round(fps * keyframeSeconds));
  const encode = codec === 'VP8' ? VP8_ENCODER : ['-c:v', 'libx264', '-profile:v', 'baseline', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-b:v', '800k', '-sc_threshold', '0', '-x264-params', 'repeat-headers=1'];
  return ['-map', '0:v', ...encode, '-g', gop, '-keyint_min', gop, ...rtp(VIDEO, transport)];
}

const audioArguments = (transport: types.PlainTransport, input: number): string[] => ['-map', `${input}:a`, '-c:a', 'libopus', '-ac', '2', '-b:a', '64k', ...rtp(AUDIO, transport)];
