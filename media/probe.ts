import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { MediaProbe } from '../domain/contracts/media.ts';
import { isMachineFault } from './ffmpeg/machine-fault.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 30_000;
const MAX_OUTPUT = 1024 * 1024;
const TOO_MUCH_OUTPUT = 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';

/** How execFile fails: with an exit code, a signal (ours too, at the timeout), or the name of what kept it from starting. */
interface Failure {
  code?: number | string | null;
  signal?: NodeJS.Signals | null;
  stderr?: string;
}

/** What we look at of ffprobe's answer. */
export interface ProbeOutput {
  format?: { format_name?: string; duration?: string };
  streams?: ProbedStream[];
}

export interface ProbedStream {
  codec_type?: string;
  codec_name?: string;
  profile?: string;
  width?: number;
  height?: number;
  pix_fmt?: string;
  avg_frame_rate?: string;
  duration?: string;
  sample_rate?: string;
  channels?: number;
  time_base?: string;
  sample_aspect_ratio?: string;
  color_transfer?: string;
  /** Degrees by which players turn the picture; with FFmpeg 5 and newer. */
  side_data_list?: { rotation?: number }[];
  /** With -show_data_hash. */
  extradata_hash?: string;
  disposition?: { attached_pic?: number };
}

export type NotProbed =
  /** ffprobe could make nothing of it; its own words. */
  | { kind: 'unreadable'; reason: string }
  /** The machine's fault, which says nothing of the file: ffprobe was killed, too slow or could not be started. */
  | { kind: 'ffmpeg_failed'; reason: string }
  | { kind: 'not_installed' };

export type ProbeResult = { kind: 'probed'; probe: MediaProbe } | NotProbed;

/** Asks ffprobe (https://ffmpeg.org/ffprobe.html) about a file; it may take 30 s. `command`: where ffprobe is. */
export async function probeMedia(path: string, command = 'ffprobe'): Promise<ProbeResult> {
  const answer = await askFfprobe(path, command);
  return answer.kind === 'answered' ? { kind: 'probed', probe: toProbe(answer.output) } : answer;
}

/** @param options of ffprobe, besides those that have it tell of container and streams */
export async function askFfprobe(path: string, command: string, options: readonly string[] = []): Promise<{ kind: 'answered'; output: ProbeOutput } | NotProbed> {
  try {
    const { stdout } = await run(command, ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', ...options, `file:${path}`], {
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT,
    });
    return { kind: 'answered', output: JSON.parse(stdout) as ProbeOutput };
  } catch (error) {
    const { code, signal, stderr = '' } = error as Failure;
    if (code === 'ENOENT') return { kind: 'not_installed' };
    const words = stderr.split('\n').find((line) => line.trim() !== '') ?? String(error);
    const end = { code: typeof code === 'number' ? code : null, signal: signal ?? null, timed_out: false, reason: stderr };
    // So many tracks that nobody wants to read of them: that is the file's doing.
    const isFileFault = code === TOO_MUCH_OUTPUT || !isMachineFault(end);
    return { kind: isFileFault ? 'unreadable' : 'ffmpeg_failed', reason: words.replaceAll(path, 'the file').slice(0, 300) };
  }
}

/** The facts that are kept of a file. */
export function toProbe({ format = {}, streams = [] }: ProbeOutput): MediaProbe {
  const video = streams.find((stream) => stream.codec_type === 'video' && !isPicture(stream));
  const seconds = Number(format.duration ?? video?.duration);
  return {
    container: format.format_name ?? '',
    video_codec: video?.codec_name ?? null,
    width: video?.width ?? null,
    height: video?.height ?? null,
    frame_rate: fraction(video?.avg_frame_rate),
    duration_ms: Number.isFinite(seconds) ? Math.round(seconds * 1_000) : null,
  };
}

/** A cover, which is no video. */
export const isPicture = ({ disposition }: ProbedStream): boolean => disposition?.attached_pic === 1;

function fraction(text = ''): number | null {
  const [above, below] = text.split('/').map(Number);
  const rate = above! / (below ?? 1);
  return Number.isFinite(rate) && rate > 0 ? rate : null;
}
