import { execFile } from 'node:child_process';
import { writeFile, rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Decoded {
  /** What ffmpeg complained of; '' for a sound file. */
  faults: string;
  frames: number;
  duration_s: number;
  streams: { codec_type: string; codec_name: string; width?: number; height?: number }[];
  /** Whether the index stands before the media, so that playing begins at once. */
  faststart: boolean;
}

/** Decodes a whole file with ffmpeg, as strictly as it can. */
export async function decode(bytes: Buffer): Promise<Decoded> {
  const folder = await mkdtemp(join(tmpdir(), 'showrunner-decode-'));
  const path = join(folder, 'file.mp4');
  try {
    await writeFile(path, bytes);
    const { stderr } = await run('ffmpeg', ['-v', 'error', '-xerror', '-i', path, '-f', 'null', '-'], { timeout: 120_000, maxBuffer: 8 * 1024 * 1024 }).catch((error: { stderr?: string; message: string }) => ({
      stderr: error.stderr || error.message,
    }));
    const { stdout } = await run('ffprobe', ['-v', 'error', '-count_frames', '-of', 'json', '-show_streams', '-show_format', path], { timeout: 120_000, maxBuffer: 8 * 1024 * 1024 });
    const probe = JSON.parse(stdout) as { format: { duration: string }; streams: (Decoded['streams'][number] & { nb_read_frames?: string })[] };
    const video = probe.streams.find(({ codec_type }) => codec_type === 'video');
    return {
      faults: stderr.trim(),
      frames: Number(video?.nb_read_frames ?? 0),
      duration_s: Number(probe.format.duration),
      streams: probe.streams,
      faststart: bytes.indexOf('moov') !== -1 && bytes.indexOf('moov') < bytes.indexOf('mdat'),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
