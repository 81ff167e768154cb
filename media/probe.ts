import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { MediaProbe } from '../domain/contracts/media.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 30_000;
const MAX_OUTPUT = 1024 * 1024;

interface ProbeOutput {
  format?: { format_name?: string; duration?: string };
  streams?: { codec_type?: string; codec_name?: string; width?: number; height?: number; avg_frame_rate?: string; duration?: string }[];
}

export type ProbeResult =
  | { kind: 'probed'; probe: MediaProbe }
  /** ffprobe could make nothing of it; its own words. */
  | { kind: 'unreadable'; reason: string }
  | { kind: 'not_installed' };

/** Asks ffprobe (https://ffmpeg.org/ffprobe.html) about a file; it may take 30 s. `command`: where ffprobe is. */
export async function probeMedia(path: string, command = 'ffprobe'): Promise<ProbeResult> {
  try {
    const { stdout } = await run(command, ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', `file:${path}`], {
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT,
    });
    return { kind: 'probed', probe: toProbe(JSON.parse(stdout) as ProbeOutput) };
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT') return { kind: 'not_installed' };
    const words = (stderr ?? '').split('\n').find((line) => line.trim() !== '') ?? String(error);
    return { kind: 'unreadable', reason: words.replaceAll(path, 'the file').slice(0, 300) };
  }
}

function toProbe({ format = {}, streams = [] }: ProbeOutput): MediaProbe {
  const video = streams.find((stream) => stream.codec_type === 'video');
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

function fraction(text = ''): number | null {
  const [above, below] = text.split('/').map(Number);
  const rate = above! / (below ?? 1);
  return Number.isFinite(rate) && rate > 0 ? rate : null;
}
