import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createVideoActivities } from '../../activities/social/videos/video.activities.ts';
import { newId } from '../../db/ids.ts';
import { deleteVideo, originalSoundId } from '../../db/video-life.repository.ts';
import { findVideo } from '../../db/video.repository.ts';
import { soundKey, videoFileKey, videoSourceKey } from '../../domain/contracts/video.ts';
import { processVideoWorkflowId, transcodeTaskQueue } from '../../domain/names.ts';
import { createS3Storage } from '../../media/s3-storage.ts';
import { createAppVideoWorld, type AppVideoWorld } from '../helpers/app-video-world.ts';
import { eventually } from '../helpers/eventually.ts';
import { testVideo } from '../helpers/recordings.ts';
import { startS3Gateway } from '../helpers/s3-gateway.ts';
import { appUser } from '../helpers/social.ts';
import { testTemporalAddress } from '../helpers/temporal.ts';
import type { VideoWorkerInput } from '../helpers/video-worker-process.ts';

jest.setTimeout(240_000);

let small: Buffer;
let long: Buffer;
beforeAll(async () => {
  [small, long] = [await testVideo({ seconds: 1 }), await testVideo({ seconds: 9, size: '1280x720', rate: 30 })];
});

async function withWorld(use: (world: AppVideoWorld) => Promise<void>, storage?: Parameters<typeof createAppVideoWorld>[0]): Promise<void> {
  const world = await createAppVideoWorld(storage);
  try {
    await use(world);
  } finally {
    await world.close();
  }
}
/** A program that stands in for ffmpeg. */
async function script(world: AppVideoWorld, text: string): Promise<string> {
  const path = join(world.folder, `ffmpeg-${newId()}`);
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}
const begin = (world: AppVideoWorld, id: string, workspace_id: string) =>
  world.temporal.client.workflow.start('processVideo', {
    taskQueue: world.temporal.taskQueue,
    workflowId: processVideoWorkflowId(id),
    args: [{ video_id: id, workspace_id, request_id: null, timings: { heartbeat_timeout_ms: 10_000 } }],
  });
const inWork = async (world: AppVideoWorld, id: string): Promise<string[]> => {
  const folder = (await world.leftovers()).find((name) => name.startsWith(id));
  return folder === undefined ? [] : readdir(join(world.deps.workRoot, folder, 'hls')).catch(() => []);
};

/** Those that have to do with a video. */
async function processesOf(id: string): Promise<string[]> {
  const commands = await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return commands.filter((command) => command.includes(id));
}

test('A worker that is killed in the middle: another makes the video, once, and its ffmpeg is gone with it', () =>
  withWorld(async (world) => {
    const author = await appUser(world.api);
    const id = await world.uploaded(long, { author, description: '#once' });
    const storageFolder = dirname(dirname(dirname((await world.deps.storage.localPath(videoSourceKey(id))).path)));
    const input: VideoWorkerInput = { databaseUrl: world.api.database.url, temporalAddress: testTemporalAddress(), taskQueue: transcodeTaskQueue(world.temporal.taskQueue), storageFolder, workRoot: world.deps.workRoot, maxS: 10 };
    const child = spawn(process.execPath, ['--import', 'tsx', 'tests/helpers/video-worker-process.ts', JSON.stringify(input)], { stdio: ['pipe', 'inherit', 'inherit'] });
    // This one transcodes nothing.
    const other = await world.temporal.runWorker({ activities: createVideoActivities(world.deps) });
    const handle = await begin(world, id, author.row.workspace_id);
    await eventually(async () => (await inWork(world, id)).includes('high.m4s'), { timeoutMs: 60_000 });
    expect((await processesOf(id)).length).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await eventually(async () => (await processesOf(id)).length === 0);
    expect(await findVideo(world.deps.db, id)).toMatchObject({ status: 'processing', playlist_key: null });
    await other.stop();
    await world.worker();
    await handle.result();
    expect(await findVideo(world.deps.db, id)).toMatchObject({ status: 'ready', source_key: null });
    expect(await world.leftovers()).toEqual([]);
    expect(await world.deps.db.selectFrom('app_users').select('videos').where('id', '=', author.id).executeTakeFirst()).toEqual({ videos: 1 });
    expect(await world.deps.db.selectFrom('hashtags').select('videos').where('name', '=', 'once').execute()).toEqual([{ videos: 1 }]);
    expect(await world.deps.db.selectFrom('app_notifications').select('id').where('user_id', '=', author.id).execute()).toHaveLength(1);
    const { events } = await handle.fetchHistory();
    expect(events!.filter(({ activityTaskStartedEventAttributes: started }) => started?.attempt === 2)).toHaveLength(1);
  }));

test('ffmpeg that is killed is run again; one that always is makes the video fail with its reason', () =>
  withWorld(async (world) => {
    const mark = join(world.folder, 'once');
    const once_ = await script(world, `if [ -e ${mark} ]; then exec ffmpeg "$@"; fi; touch ${mark}; kill -9 $$`);
    const worker = await world.worker({ ffmpeg: once_ });
    expect(await world.process(await world.uploaded(small))).toMatchObject({ status: 'ready', status_code: null });
    await worker.stop();
    await world.worker({ ffmpeg: await script(world, 'kill -9 $$') });
    const id = await world.uploaded(small);
    expect(await world.process(id)).toMatchObject({ status: 'failed', status_code: 'ffmpeg_failed' });
    expect([await world.stored(id), await world.leftovers()]).toEqual([[], []]);
  }));

test('Where the worker has no ffmpeg the video waits for it, and its row says so', () =>
  withWorld(async (world) => {
    const author = await appUser(world.api);
    const missing = await world.worker({ ffmpeg: '/nowhere/ffmpeg' });
    const id = await world.uploaded(small, { author });
    const handle = await begin(world, id, author.row.workspace_id);
    await eventually(async () => (await findVideo(world.deps.db, id))?.status_code === 'feature_off');
    expect(await findVideo(world.deps.db, id)).toMatchObject({ status: 'processing', status_reason: expect.stringContaining('ffmpeg is not installed') });
    await missing.stop();
    await world.worker();
    await handle.result();
    expect(await findVideo(world.deps.db, id)).toMatchObject({ status: 'ready', status_code: null, status_reason: null });
  }));

describe('The sweep', () => {
  let world: AppVideoWorld;
  beforeAll(async () => {
    world = await createAppVideoWorld();
    await world.worker({ taskQueuePrefix: world.deps.taskQueuePrefix }, { start_ms: 60_000, upload_ms: 3_600_000 });
  });
  afterAll(() => world.close());
  const sweep = () => world.temporal.client.workflow.execute('sweepVideos', { taskQueue: world.temporal.taskQueue, workflowId: `sweep-${newId()}` });
  const old = (ms: number) => new Date(Date.now() - ms);

  test('starts what nobody has started, and leaves alone what is new or under way', async () => {
    const author = await appUser(world.api);
    const lost = await world.uploaded(small, { author, created_at: old(120_000) });
    const fresh = await world.uploaded(small, { author });
    expect(await sweep()).toBe(1);
    const { workflowId, type } = await world.temporal.client.workflow.getHandle(processVideoWorkflowId(lost)).describe();
    expect([workflowId, type]).toEqual([`process-video:${lost}`, 'processVideo']);
    await expect(world.temporal.client.workflow.getHandle(processVideoWorkflowId(fresh)).describe()).rejects.toThrow();
    // Started, and not finished: nothing happens where it runs.
    expect(await sweep()).toBe(1);
    await world.temporal.client.workflow.getHandle(processVideoWorkflowId(lost)).terminate();
    await world.deps.db.deleteFrom('videos').where('id', 'in', [lost, fresh]).execute();
  });

  test('removes uploads whose process died', async () => {
    const [dead, alive] = [await world.uploaded(small, { source_key: null, created_at: old(2 * 3_600_000) }), await world.uploaded(small, { source_key: null })];
    expect(await sweep()).toBe(1);
    expect([await findVideo(world.deps.db, dead), await world.stored(dead)]).toEqual([undefined, []]);
    expect(await world.stored(alive)).toEqual(['source']);
    await world.deps.db.deleteFrom('videos').where('id', '=', alive).execute();
  });

  test('removes the files of deleted videos; a sound stays as long as another video has it', async () => {
    const author = await appUser(world.api);
    const origin = await world.process(await world.uploaded(small, { author }));
    const other = await world.process(await world.uploaded(small, { author, sound_id: origin.sound_id }));
    const sound = originalSoundId(origin.id);
    const remove = (id: string) => deleteVideo(world.deps.db, { workspace_id: author.row.workspace_id, user_id: author.id, id });
    const soundRow = () => world.deps.db.selectFrom('sounds').selectAll().where('id', '=', sound).executeTakeFirstOrThrow();
    await remove(origin.id);
    expect(await sweep()).toBe(1);
    expect(await world.stored(origin.id)).toEqual([]);
    expect(await findVideo(world.deps.db, origin.id)).toMatchObject({ playlist_key: null, source_key: null });
    expect(await soundRow()).toMatchObject({ deleted_at: null, videos: 1, audio_key: soundKey(sound) });
    expect(await world.deps.storage.stat(soundKey(sound))).not.toBeNull();
    await remove(other.id);
    expect(await soundRow()).toMatchObject({ deleted_at: expect.any(Date), videos: 0 });
    expect(await sweep()).toBe(2);
    expect(await world.deps.storage.stat(soundKey(sound))).toBeNull();
    expect(await soundRow()).toMatchObject({ audio_key: null });
    expect(await sweep()).toBe(0);
  });

  test('removes work folders that nobody has touched for a day', async () => {
    const folder = join(world.deps.workRoot, `${newId()}.x`);
    await mkdir(folder, { recursive: true });
    await utimes(folder, old(2 * 86_400_000), old(2 * 86_400_000));
    expect(await sweep()).toBe(1);
    await expect(stat(folder)).rejects.toThrow('ENOENT');
  });
});

test('In S3 it is the same: made, served by ranges, and removed', async () => {
  const gateway = await startS3Gateway();
  try {
    await withWorld(async (world) => {
      await world.worker();
      const author = await appUser(world.api);
      const id = await world.uploaded(small, { author });
      expect(await world.process(id)).toMatchObject({ status: 'ready' });
      expect(await world.stored(id)).toEqual(['high.m3u8', 'high.m4s', 'master.m3u8', 'thumbnail.jpg']);
      const part = await world.api.app.request(`/app-media/videos/${id}/high.m4s`, { headers: { range: 'bytes=4-7' } });
      expect([part.status, await part.text()]).toEqual([206, 'ftyp']);
      const etag = (await world.api.app.request(`/app-media/videos/${id}/high.m4s`)).headers.get('etag');
      expect(etag).toMatch(/^"[^"]+"$/);
      await deleteVideo(world.deps.db, { workspace_id: author.row.workspace_id, user_id: author.id, id });
      await world.temporal.client.workflow.execute('sweepVideos', { taskQueue: world.temporal.taskQueue, workflowId: `sweep-${newId()}` });
      expect(await world.stored(id)).toEqual([]);
      expect(await world.deps.storage.stat(videoFileKey(id, 'high.m4s'))).toBeNull();
    }, createS3Storage(gateway.options));
  } finally {
    await gateway.close();
  }
});
