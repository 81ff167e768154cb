import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { types } from 'mediasoup';
import { MEDIA_CODECS } from '../media/webrtc/codecs.ts';
import { loadMediasoup } from '../media/webrtc/mediasoup.ts';
import { statsOf } from './lib/process-stats.ts';
import { printTable } from './lib/report.ts';
import { startRtpSink, type RtpSink } from './lib/rtp-sink-process.ts';
import { sendClip } from './lib/rtp-source.ts';

/** More are tried until one of the limits is passed. */
const STEPS = [25, 50, 100, 150, 200, 250, 300, 350, 400, 500, 600, 800, 1_000];
const MOST_LOSS = 0.001;
const MOST_CPU = 0.9;
const SETTLE_MS = 2_000;
const AT_ONCE = 25;

export interface ViewersOptions {
  workerBin: string;
  ffmpeg: string;
  /** How long each step is measured, milliseconds. */
  stepMs: number;
  maxViewers: number;
}

interface Step {
  viewers: number;
  in_per_s: number;
  out_per_s: number;
  out_mbit_s: number;
  cpu: number;
  /** Share of what the source sent that is missing in the sequence numbers at the sink: the worker did not take it in or send it, or it was lost on the way. */
  loss: number;
  /** Share that came as far as the sink's port, and which the sink did not take in time. */
  sink_dropped: number;
}

/** How many viewers of one 720p stream one mediasoup worker serves: raised until it loses packets or its core is full. */
export async function benchViewers({ workerBin, ffmpeg, stepMs, maxViewers }: ViewersOptions): Promise<void> {
  const log = { warn: console.error, error: console.error };
  const mediasoup = await loadMediasoup(workerBin, log);
  const worker = await mediasoup.createWorker({ logLevel: 'error' });
  const sink = await startRtpSink();
  const pinned = (await pin(worker.pid, 0)) && (await pin(sink.pid, 1));
  const router = await worker.createRouter({ mediaCodecs: MEDIA_CODECS });
  const source = await sendClip(router, ffmpeg);
  const viewers: Viewer[] = [];
  const steps: Step[] = [];
  try {
    for (const target of STEPS.filter((each) => each <= maxViewers)) {
      while (viewers.length < target) viewers.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, target - viewers.length) }, () => openViewer(router, source.producer, sink.port)))));
      await delay(SETTLE_MS);
      const step = await measure({ worker, sink, source: source.producer, viewers, ms: stepMs });
      steps.push(step);
      if (step.loss > MOST_LOSS || step.cpu > MOST_CPU || step.sink_dropped > MOST_LOSS) break;
    }
  } finally {
    await source.stop();
    await sink.stop();
    worker.close();
  }
  report(steps, pinned);
}

interface Viewer {
  transport: types.PlainTransport;
  consumer: types.Consumer;
}

/** What a viewer costs the worker: a transport with SRTP, and a consumer of the picture. */
async function openViewer(router: types.Router, producer: types.Producer, port: number): Promise<Viewer> {
  const transport = await router.createPlainTransport({ listenInfo: { protocol: 'udp', ip: '127.0.0.1' }, rtcpMux: true, enableSrtp: true, srtpCryptoSuite: 'AES_CM_128_HMAC_SHA1_80' });
  await transport.connect({ ip: '127.0.0.1', port, srtpParameters: { cryptoSuite: 'AES_CM_128_HMAC_SHA1_80', keyBase64: randomBytes(30).toString('base64') } });
  const consumer = await transport.consume({ producerId: producer.id, rtpCapabilities: router.rtpCapabilities });
  return { transport, consumer };
}

async function measure({ worker, sink, source, viewers, ms }: { worker: types.Worker; sink: RtpSink; source: types.Producer; viewers: readonly Viewer[]; ms: number }): Promise<Step> {
  await sink.reset(viewers[0]!.consumer.rtpParameters.codecs[0]!.payloadType);
  const before = await snapshot(worker, sink, source);
  await delay(ms);
  const after = await snapshot(worker, sink, source);
  const { packets, missing, streams } = await sink.count();
  const seconds = (after.at - before.at) / 1_000;
  const dropped = after.dropped - before.dropped;
  const taken = after.packets - before.packets;
  if (taken === 0) throw new Error('the source sends nothing: ffmpeg has ended');
  // Of a viewer to whom nothing came, no sequence number tells.
  const expected = ((packets + missing) * viewers.length) / Math.max(1, streams);
  return {
    viewers: viewers.length,
    in_per_s: taken / seconds,
    out_per_s: (packets + dropped) / seconds,
    out_mbit_s: ((after.bytes - before.bytes) * 8 * viewers.length) / seconds / 1e6,
    cpu: (after.cpu_s - before.cpu_s) / seconds,
    loss: Math.max(0, (expected - packets - dropped) / expected),
    sink_dropped: dropped / expected,
  };
}

async function snapshot(worker: types.Worker, sink: RtpSink, source: types.Producer) {
  const [{ cpu_s }, dropped, [stats]] = await Promise.all([statsOf(worker.pid), sink.dropped(), source.getStats()]);
  return { at: performance.now(), cpu_s, dropped, packets: stats?.packetCount ?? 0, bytes: stats?.byteCount ?? 0 };
}

/** Holds a process on one core. @returns false where that is not possible here */
async function pin(pid: number, core: number): Promise<boolean> {
  try {
    await promisify(execFile)('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], { timeout: 5_000 });
    return true;
  } catch {
    return false;
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

function report(steps: readonly Step[], pinned: boolean): void {
  console.log(
    `\nMethod: one worker (${pinned ? 'held on core 0, the sink on core 1' : 'not held on a core: no taskset, or one core'}), one H.264 source of 720p at 30 frames/s and 2.5 Mbit/s from ffmpeg. Viewers are consumers with SRTP (AES-128, as browsers use) ` +
      'on plain transports to one counting UDP port of another process: a client with ICE and DTLS for hundreds of viewers is not at hand, and costs the worker nothing but the handshake and a check every few seconds. ' +
      `Raised until more than ${percent(MOST_LOSS)} is lost or the worker uses more than ${percent(MOST_CPU)} of a core. What the counting process did not take in time is the benchmark’s own limit, and stands apart.`,
  );
  printTable(
    ['viewers', 'packets/s in', 'packets/s out', 'Mbit/s out', 'CPU of the worker', 'lost', 'not taken by the sink'],
    steps.map((step) => [step.viewers, Math.round(step.in_per_s), Math.round(step.out_per_s), Math.round(step.out_mbit_s), percent(step.cpu), percent(step.loss), percent(step.sink_dropped)]),
  );
  const good = steps.findLast(({ loss, cpu, sink_dropped }) => loss <= MOST_LOSS && cpu <= MOST_CPU && sink_dropped <= MOST_LOSS);
  const last = steps.at(-1);
  if (good) console.log(`Viewers a core at 720p: ${good.viewers} held here${last && last.cpu > 0 ? `; by CPU alone about ${Math.floor((last.viewers / last.cpu) * MOST_CPU)}` : ''}.`);
}
