import type { types } from 'mediasoup';
import { runFfmpeg, type FfmpegEnd, type FfmpegRun } from '../ffmpeg/run-ffmpeg.ts';
import { bridgeArguments } from './bridge-args.ts';
import { flvStart, type FlvPacket } from './flv-packet.ts';
import { kindsOf, type BridgePlan } from './input-plan.ts';
import { openRtspIntake } from './rtsp-intake.ts';

export interface LegOptions {
  /** FFMPEG_PATH. */
  command: string;
  plan: BridgePlan;
  onMedia: (kind: types.MediaKind, packet: Buffer) => void;
  onControl: (kind: types.MediaKind, packet: Buffer) => void;
  /** It has read what it was given: more may come. */
  onDrained: () => void;
}

/** One ffmpeg of a bridge: FLV goes in, RTP comes out. */
export interface FfmpegLeg {
  readonly pid: number | undefined;
  /** Never rejects. */
  readonly ended: Promise<FfmpegEnd>;
  /** @returns false: it is behind; give no more until it has drained */
  write(bytes: Buffer): boolean;
  /** No more comes: it ends by itself. */
  finish(): void;
  stop(): Promise<FfmpegEnd>;
}

export async function startLeg({ command, plan, onMedia, onControl, onDrained }: LegOptions): Promise<FfmpegLeg> {
  // In the order in which ffmpeg maps them.
  const streams = (['video', 'audio'] as const).filter((kind) => plan[kind] !== null);
  const to = (give: LegOptions['onMedia']) => (stream: number, packet: Buffer) => {
    const kind = streams[stream];
    if (kind) give(kind, packet);
  };
  const intake = await openRtspIntake({ onMedia: to(onMedia), onControl: to(onControl) });
  let run: FfmpegRun;
  try {
    run = runFfmpeg({ command, purpose: 'bridge', args: bridgeArguments(plan, intake.url), stdin: true });
  } catch (error) {
    intake.close();
    throw error;
  }
  const stdin = run.stdin!;
  stdin.on('drain', onDrained);
  stdin.write(flvStart(kindsOf(plan)));
  return {
    pid: run.pid,
    ended: run.ended.finally(() => intake.close()),
    write: (bytes) => !stdin.writable || stdin.write(bytes),
    finish: () => void stdin.end(),
    stop: () => run.stop(0),
  };
}

/** @returns the tags of packets, to be written at once */
export const tagsOf = (packets: readonly FlvPacket[]): Buffer => Buffer.concat(packets.map(({ tag }) => tag));
