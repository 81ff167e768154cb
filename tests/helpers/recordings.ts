import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Db } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import type { SegmentState } from '../../domain/contracts/recording.ts';
import { initKey, segmentKey } from '../../domain/contracts/recording.ts';
import type { MediaStorage } from '../../media/storage.ts';

const run = promisify(execFile);

export interface Picture {
  size?: string;
  seconds?: number;
  /** Frames a second. */
  rate?: number;
  hasAudio?: boolean;
  /** Further options of ffmpeg, before the output. */
  options?: readonly string[];
}

/** A file of a generated test picture with a tone. @returns its bytes */
export async function testVideo({ size = '320x240', seconds = 2, rate = 15, hasAudio = true, options = [] }: Picture = {}, extension = 'mp4'): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'showrunner-video-'));
  const path = join(folder, `video.${extension}`);
  const sound = hasAudio ? ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'] : [];
  const codecs = extension === 'mp4' || extension === 'flv' ? ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-bf', '0', '-g', String(rate), ...(hasAudio ? ['-c:a', 'aac', '-ac', '2'] : [])] : [];
  try {
    await run('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc=size=${size}:rate=${rate}`, ...sound, '-t', String(seconds), ...codecs, ...options, path], { timeout: 120_000 });
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Fragmented MP4, a fragment a second. @returns its init, and each fragment */
export async function fragmented(picture: Picture = {}): Promise<{ init: Buffer; segments: Buffer[] }> {
  const bytes = await testVideo({ ...picture, options: [...(picture.options ?? []), '-movflags', 'frag_keyframe+empty_moov+default_base_moof'] });
  const boxes: { type: string; bytes: Buffer }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    boxes.push({ type: bytes.toString('latin1', at + 4, at + 8), bytes: bytes.subarray(at, at + size) });
    at += size;
  }
  const first = boxes.findIndex(({ type }) => type === 'moof');
  const segments = boxes.slice(first).flatMap(({ type, bytes: moof }, index, all) => (type === 'moof' ? [Buffer.concat([moof, all[index + 1]!.bytes])] : []));
  return { init: Buffer.concat(boxes.slice(0, first).map((box) => box.bytes)), segments };
}

export interface SeededRun {
  init: Buffer;
  segments: readonly Buffer[];
  started_at: Date;
  /** By index; the rest is stored. */
  states?: Readonly<Record<number, { state: SegmentState; reason?: string }>>;
}

export async function seedStream(db: Db, { workspace_id, user_id }: { workspace_id: string; user_id: string }, over: { visibility?: 'public' | 'private'; title?: string } = {}): Promise<string> {
  const id = newId();
  await db
    .insertInto('streams')
    .values({
      id,
      workspace_id,
      user_id,
      title: 'Friday live',
      description: null,
      thumbnail: null,
      thumbnail_taken_at: null,
      status: 'ended',
      status_code: null,
      status_reason: null,
      visibility: 'public',
      record: true,
      latency: 'low',
      scheduled_for: null,
      start_time: null,
      end_time: null,
      stream_key_hash: id,
      stream_key_hint: 'abcd',
      media_host_id: null,
      deleted_at: null,
      ...over,
    })
    .execute();
  return id;
}

/** A stream's recording, as a media host leaves it: rows of the ledger and files in storage, a second each segment. @returns ids of its runs */
export async function seedRecording(db: Db, storage: MediaStorage, stream_id: string, runs: readonly SeededRun[]): Promise<string[]> {
  const ids: string[] = [];
  let sequence = 0;
  for (const [index, { init, segments, started_at, states = {} }] of runs.entries()) {
    const session_id = newId();
    await db.insertInto('stream_sessions').values({ id: session_id, stream_id, epoch: index + 1, kind: 'rtmp', host_id: 'host', key_version: 1, remote_address: null, user_agent: null, request_id: null, ended_at: new Date(), end_reason: 'closed', end_detail: null }).execute();
    const run_id = newId();
    ids.push(run_id);
    await db
      .insertInto('recording_runs')
      .values({ id: run_id, stream_id, session_id, host_id: 'host', number: index + 1, started_at, codecs: null, width: null, height: null, init_state: 'stored', init_sha256: sha256(init), ended_at: new Date(), end_reason: 'closed' })
      .execute();
    await put(storage, initKey(stream_id, run_id), init);
    for (const [at, bytes] of segments.entries()) {
      sequence += 1;
      const { state = 'stored', reason = null } = states[at] ?? {};
      const row = { stream_id, sequence, run_id, state, reason, started_at: new Date(started_at.getTime() + at * 1_000), duration_ms: 1_000, size_bytes: bytes.length, sha256: sha256(bytes) };
      await db.insertInto('recording_segments').values(row).execute();
      if (state === 'stored') await put(storage, segmentKey(stream_id, run_id, sequence), bytes);
    }
  }
  return ids;
}

export const put = (storage: MediaStorage, key: string, bytes: Buffer) => storage.put(key, Readable.from([bytes]), Number.MAX_SAFE_INTEGER);
export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What ffmpeg complains of when it decodes all of a file; '': nothing. */
export async function decodeFaults(path: string): Promise<string> {
  const { stderr } = await run('ffmpeg', ['-v', 'warning', '-i', path, '-f', 'null', '-'], { timeout: 120_000 });
  return stderr;
}

/** Each size that a picture of the file has, `320,240`. */
export async function pictureSizes(path: string): Promise<string[]> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'frame=width,height', '-of', 'csv=p=0', path], { timeout: 120_000 });
  return [...new Set(stdout.split('\n').map((line) => line.trim().replace(/,$/, '')).filter(Boolean))];
}
