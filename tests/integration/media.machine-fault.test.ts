import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createProcessVod } from '../../activities/streaming/vods/process-vod.ts';
import type { VodDeps } from '../../activities/streaming/vods/vod-deps.ts';
import { newId } from '../../db/ids.ts';
import { findVod, finishVod, insertVod, reopenVod, vodReceived } from '../../db/vod.repository.ts';
import { vodSourceKey } from '../../domain/contracts/vod.ts';
import { transcodeToHls } from '../../media/app-video/transcode.ts';
import { createLocalStorage } from '../../media/local-storage.ts';
import { askFfprobe, probeMedia } from '../../media/probe.ts';
import { inspectVideo } from '../../media/vod/inspect.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { put, sha256, testVideo } from '../helpers/recordings.ts';
import { seedWorkspace, type Seeded } from '../helpers/seed.ts';

jest.setTimeout(60_000);

let folder: string;
let database: TestDatabase;
let owner: Seeded;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'showrunner-fault-'));
  database = await createTestDatabase();
  owner = await seedWorkspace(database.db);
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** A program that ends as ffmpeg or ffprobe do. */
async function tool(script: string): Promise<string> {
  const path = join(folder, newId());
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const MACHINE: [string, string][] = [
  ['killed for want of memory', 'kill -KILL $$'],
  ['killed by SIGTERM', 'kill -TERM $$'],
  ['ended by SIGTERM in its own way', 'echo "Exiting normally, received signal 15." >&2; exit 255'],
  ['killed inside of a shell', 'exit 137'],
  ['without memory', 'echo "Error opening input: Cannot allocate memory" >&2; exit 1'],
  ['without threads', 'echo "pthread_create failed: Resource temporarily unavailable" >&2; exit 1'],
];
/** FFmpeg up to 6.0 ends with 1; newer ones with the low byte of the error, which is 183 for invalid data. */
const FILE: [string, string][] = [
  ['1', 'echo "moov atom not found" >&2; exit 1'],
  ['183', 'echo "Invalid data found when processing input" >&2; exit 183'],
];

describe('ffprobe', () => {
  test.each(MACHINE)('%s says nothing of the file', async (_how, script) => {
    const ffprobe = await tool(script);
    expect(await askFfprobe('/a/video.mp4', ffprobe)).toMatchObject({ kind: 'ffmpeg_failed' });
    expect(await probeMedia('/a/video.mp4', ffprobe)).toMatchObject({ kind: 'ffmpeg_failed' });
    await expect(inspectVideo('/a/video.mp4', ffprobe)).rejects.toMatchObject({ code: 'ffmpeg_failed', permanent: false });
  });

  test('that can not be started says nothing of the file; that it is not installed stays another thing', async () => {
    const locked = await tool('exit 1');
    await chmod(locked, 0o644);
    expect(await askFfprobe('/a/video.mp4', locked)).toMatchObject({ kind: 'ffmpeg_failed' });
    expect(await askFfprobe('/a/video.mp4', join(folder, 'nothing'))).toEqual({ kind: 'not_installed' });
  });

  test('that can make nothing of a file says so, in its own words', async () => {
    expect(await askFfprobe('/a/video.mp4', await tool('echo "/a/video.mp4: moov atom not found" >&2; exit 1'))).toEqual({ kind: 'unreadable', reason: 'the file: moov atom not found' });
    // More tracks than anybody looks at: the file is at fault.
    expect(await askFfprobe('/a/video.mp4', await tool('head -c 2000000 /dev/zero'))).toMatchObject({ kind: 'unreadable' });
  });
});

describe('HLS of an app user’s video', () => {
  const plan = { renditions: [{ name: 'high' as const, width: 640, height: 360, frame_rate: 30, max_rate: 1_000_000 }], hasAudio: false, fromHdr: false, soundPath: null, mostS: 10 };
  const made = async (script: string) => transcodeToHls({ ffmpeg: await tool(script), ffprobe: 'ffprobe', signal: new AbortController().signal }, '/a/video.mp4', plan, folder, () => undefined);

  test.each(MACHINE)('by an ffmpeg %s may be better next time', async (_how, script) => {
    await expect(made(script)).rejects.toMatchObject({ code: 'ffmpeg_failed' });
  });
  test.each(FILE)('by an ffmpeg that ends with %s is the file’s fault', async (_code, script) => {
    await expect(made(script)).rejects.toMatchObject({ code: 'vod_unreadable' });
  });
  test('on a full disk waits for room', async () => {
    await expect(made('echo "av_interleaved_write_frame(): No space left on device" >&2; exit 1')).rejects.toMatchObject({ code: 'disk_full' });
  });
});

describe('A member’s video', () => {
  async function processed(script: string, attempt = 1) {
    const storage = createLocalStorage(join(folder, 'media'));
    const vod_id = newId();
    const bytes = await testVideo({ seconds: 1 });
    await insertVod(database.db, { id: vod_id, ...owner, stream_id: null, title: 'Friday', description: null, visibility: 'public', source: 'upload', source_url: null, recorded_from: null });
    await vodReceived(database.db, vod_id, { storage_key: vodSourceKey(vod_id), size_bytes: (await put(storage, vodSourceKey(vod_id), bytes)).size_bytes, sha256: sha256(bytes) });
    const workRoot = join(folder, 'work');
    await mkdir(workRoot, { recursive: true });
    const deps = { db: database.db, storage, ffmpeg: await tool(script), ffprobe: 'ffprobe', workRoot, logger: quietLog } as unknown as VodDeps;
    const again = () => new MockActivityEnvironment({ attempt }).run(createProcessVod(deps).processVod, { vod_id });
    return { outcome: again(), again, vod_id, storage };
  }

  test.each([...MACHINE, ['on a full disk', 'echo "No space left on device" >&2; exit 1']])('is tried again where ffmpeg was %s', async (_how, script) => {
    const { outcome, vod_id, storage } = await processed(script);
    await expect(outcome).rejects.toBeInstanceOf(ApplicationFailure);
    await expect(outcome).rejects.toMatchObject({ type: 'ffmpeg_failed', nonRetryable: false });
    expect(await findVod(database.db, vod_id)).toMatchObject({ status: 'processing', status_code: 'ffmpeg_failed' });
    expect(await storage.stat(vodSourceKey(vod_id))).not.toBeNull();
  });

  test('is given up after ffmpeg’s third failure, however many attempts failed for something else before', async () => {
    const { outcome, again, vod_id } = await processed('exit 255', 7);
    await expect(outcome).rejects.toMatchObject({ type: 'ffmpeg_failed' });
    await expect(again()).rejects.toMatchObject({ type: 'ffmpeg_failed' });
    expect(await again()).toMatchObject({ ok: false, code: 'ffmpeg_failed' });
    // Asked for again by a person, it has its three tries again.
    await finishVod(database.db, vod_id, { status: 'failed', status_code: 'ffmpeg_failed', status_reason: 'it was killed' });
    await reopenVod(database.db, owner.workspace_id, vod_id);
    await expect(again()).rejects.toMatchObject({ type: 'ffmpeg_failed' });
  });

  test.each(FILE)('of which ffmpeg can make nothing, and ends with %s, is not tried again', async (_code, script) => {
    const { outcome } = await processed(script);
    expect(await outcome).toMatchObject({ ok: false, code: 'vod_unreadable' });
  });
});
