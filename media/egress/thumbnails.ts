import { Readable } from 'node:stream';
import { thumbnailKey } from '../../domain/contracts/recording.ts';
import { AppError } from '../../domain/errors.ts';
import { ffmpegDone, runFfmpeg } from '../ffmpeg/run-ffmpeg.ts';
import type { MediaStorage } from '../storage.ts';

export interface ThumbnailOptions {
  ffmpeg: string;
  storage: MediaStorage;
  everyMs?: number;
  /** It is in storage. */
  onTaken: (streamId: string, at: Date) => Promise<void>;
  logger: { warn(fields: object, message: string): void };
}

export interface Thumbnails {
  /** Takes a picture of a segment, where one is due. `due`: of a stream's own state, null at first. */
  offer(stream: ThumbnailState, segment: { init: Uint8Array; bytes: readonly Uint8Array[] }): void;
  close(): Promise<void>;
}

/** One for each stream. */
export interface ThumbnailState {
  readonly stream_id: string;
  takenAt: number | null;
}

const EVERY_MS = 60_000;
/** Pictures taken at once on this host; a segment that finds no place is left out, the next one is two seconds away. */
const AT_ONCE = 2;
const TAKE_MS = 20_000;
const MAX_BYTES = 2 * 1024 * 1024;
const WIDTH = 640;

/** A picture of each stream a minute, from its newest segment. */
export function createThumbnails({ ffmpeg, storage, everyMs = EVERY_MS, onTaken, logger }: ThumbnailOptions): Thumbnails {
  const closing = new AbortController();
  const working = new Set<Promise<void>>();

  async function take(streamId: string, bytes: readonly Uint8Array[]): Promise<void> {
    const at = new Date();
    try {
      const picture = await pictureOf(ffmpeg, bytes, closing.signal);
      await storage.put(thumbnailKey(streamId), Readable.from([picture]), MAX_BYTES);
      await onTaken(streamId, at);
    } catch (error) {
      if (!closing.signal.aborted) logger.warn({ err: error, stream_id: streamId }, 'no thumbnail was taken; the next one is due in a minute');
    }
  }

  return {
    offer(stream, { init, bytes }) {
      const now = performance.now();
      if (closing.signal.aborted || working.size >= AT_ONCE || (stream.takenAt !== null && now - stream.takenAt < everyMs)) return;
      stream.takenAt = now;
      const work = take(stream.stream_id, [init, ...bytes]).finally(() => working.delete(work));
      working.add(work);
    },
    async close() {
      closing.abort();
      await Promise.all(working);
    },
  };
}

/** @throws AppError('ffmpeg_failed') */
async function pictureOf(ffmpeg: string, bytes: readonly Uint8Array[], signal: AbortSignal): Promise<Buffer> {
  const picture = ['-frames:v', '1', '-vf', `scale='min(${WIDTH},iw)':-2`, '-q:v', '4', '-f', 'image2', '-c:v', 'mjpeg', 'pipe:1'];
  const run = runFfmpeg({ command: ffmpeg, purpose: 'thumbnail', args: ['-f', 'mp4', '-i', 'pipe:0', ...picture], stdin: true, stdout: true, timeoutMs: TAKE_MS, signal });
  const chunks: Buffer[] = [];
  let size = 0;
  run.stdout!.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BYTES) chunks.push(chunk);
  });
  for (const part of bytes) run.stdin!.write(part);
  run.stdin!.end();
  await ffmpegDone(run);
  if (size === 0 || size > MAX_BYTES) throw new AppError('ffmpeg_failed', `a picture of ${size} bytes`);
  return Buffer.concat(chunks);
}
