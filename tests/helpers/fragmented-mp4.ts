import { runFfmpeg } from '../../media/ffmpeg/run-ffmpeg.ts';

export interface ClipOptions {
  seconds?: number;
  video?: boolean;
  audio?: boolean;
  /** Frames between keyframes. */
  gop?: number;
  rate?: number;
  size?: string;
}

/** Fragmented MP4 as the egress has ffmpeg write it, of a test picture and a tone; whole, from ffmpeg's standard output. */
export async function fragmentedClip({ seconds = 6, video = true, audio = true, gop = 60, rate = 30, size = '160x90' }: ClipOptions = {}): Promise<Buffer> {
  const run = runFfmpeg({
    command: process.env.FFMPEG_PATH || 'ffmpeg',
    stdout: true,
    timeoutMs: 60_000,
    args: [
      ...(video ? ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}`] : []),
      ...(audio ? ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'] : []),
      ...['-t', String(seconds)],
      ...(video ? ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0', '-x264-params', 'repeat-headers=1'] : []),
      ...(audio ? ['-c:a', 'aac', '-b:a', '64k'] : []),
      ...['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof+skip_trailer', '-frag_duration', '66000', 'pipe:1'],
    ],
  });
  const chunks: Buffer[] = [];
  for await (const chunk of run.stdout!) chunks.push(chunk as Buffer);
  const { code, reason } = await run.ended;
  if (code !== 0) throw new Error(`no clip: ${reason}`);
  return Buffer.concat(chunks);
}

export interface TrackRun {
  track: number;
  start: number;
  /** Of each of its samples, in the track's units. */
  durations: readonly number[];
}

/** A moof with its (empty) mdat, made by hand: for times that no ffmpeg would write on demand. */
export function fragmentBytes(runs: readonly TrackRun[]): Buffer {
  const trafs = runs.map(({ track, start, durations }) =>
    box('traf', box('tfhd', words(0x020000, track)), box('tfdt', words(0x01000000, 0, start)), box('trun', words(0x000100, durations.length, ...durations))),
  );
  return Buffer.concat([box('moof', ...trafs), box('mdat')]);
}

function box(type: string, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([words(8 + content.length), Buffer.from(type, 'latin1'), content]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}
