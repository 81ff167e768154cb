import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { originalSoundId } from '../../db/video-life.repository.ts';
import { soundKey } from '../../domain/contracts/video.ts';
import { askFfprobe, type ProbedStream } from '../../media/probe.ts';
import { createAppVideoWorld, type AppVideoWorld } from '../helpers/app-video-world.ts';
import { eventually } from '../helpers/eventually.ts';
import { decodeFaults, testVideo } from '../helpers/recordings.ts';
import { appUser } from '../helpers/social.ts';

jest.setTimeout(180_000);
const run = promisify(execFile);

let world: AppVideoWorld;
let landscape: Buffer;
beforeAll(async () => {
  world = await createAppVideoWorld();
  await world.worker();
  landscape = await testVideo({ size: '1280x720', seconds: 3, rate: 30 });
});
afterAll(() => world.close());

const db = () => world.api.deps.db;
const probe = async (path: string): Promise<ProbedStream[]> => {
  const answer = await askFfprobe(path, 'ffprobe');
  if (answer.kind !== 'answered') throw new Error(answer.kind);
  return answer.output.streams ?? [];
};
const sizeOf = async (path: string) => (await probe(path)).filter(({ codec_type }) => codec_type === 'video').map(({ width, height }) => `${width}x${height}`)[0];
/** The colour of one pixel of the first picture, as three bytes. */
const colourAt = async (path: string, x: number, y: number): Promise<number[]> => {
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', path, '-frames:v', '1', '-vf', `crop=2:2:${x}:${y},format=rgb24,scale=1:1`, '-f', 'rawvideo', '-'], { encoding: 'buffer' });
  return [...stdout.subarray(0, 3)];
};
const NINE = ['high.m3u8', 'high.m4s', 'low.m3u8', 'low.m4s', 'master.m3u8', 'thumbnail.jpg'];

describe('An uploaded video', () => {
  test('becomes HLS of two qualities with a thumbnail and its sound, and is in all figures', async () => {
    const author = await appUser(world.api);
    const id = await world.uploaded(landscape, { author, description: 'My #Lamp #diy #lamp' });
    const video = await world.process(id);
    expect(video).toMatchObject({ status: 'ready', status_code: null, width: 1280, height: 720, source_key: null, published_at: expect.any(Date), sound_id: originalSoundId(id) });
    expect(Math.abs(video.duration_ms! - 3_000)).toBeLessThan(150);
    expect(await world.stored(id)).toEqual(NINE);
    expect(await world.leftovers()).toEqual([]);

    const master = await readFile(await world.path(id, 'master.m3u8'), 'utf8');
    expect(master).toMatch(/RESOLUTION=1280x720,CODECS="avc1\.\w+,mp4a\.40\.2"\nhigh\.m3u8/);
    expect(master).toMatch(/RESOLUTION=640x360,CODECS="avc1\.\w+,mp4a\.40\.2"\nlow\.m3u8/);
    const playlist = await readFile(await world.path(id, 'high.m3u8'), 'utf8');
    expect(playlist).toContain('#EXT-X-MAP:URI="high.m4s",BYTERANGE=');
    expect(playlist).toContain('#EXT-X-ENDLIST');
    expect(await decodeFaults(await world.path(id, 'low.m3u8'))).toBe('');
    expect(await sizeOf(await world.path(id, 'thumbnail.jpg'))).toBe('1280x720');

    const sound = await db().selectFrom('sounds').selectAll().where('id', '=', originalSoundId(id)).executeTakeFirstOrThrow();
    expect(sound).toMatchObject({ name: `original sound - ${author.username}`, created_by: author.id, video_id: id, videos: 1, audio_key: soundKey(sound.id) });
    const audio = await world.deps.storage.localPath(sound.audio_key!);
    expect((await probe(audio.path)).map(({ codec_name }) => codec_name)).toEqual(['aac']);
    const tags = await db().selectFrom('hashtags').select(['name', 'videos']).where('workspace_id', '=', author.row.workspace_id).orderBy('name').execute();
    expect(tags).toEqual([{ name: 'diy', videos: 1 }, { name: 'lamp', videos: 1 }]);
    expect(await db().selectFrom('app_users').select('videos').where('id', '=', author.id).executeTakeFirst()).toEqual({ videos: 1 });
    expect(await db().selectFrom('app_notifications').select(['kind', 'text']).where('user_id', '=', author.id).execute()).toEqual([{ kind: 'video', text: 'Your video is ready.' }]);
  });

  test('of a phone held upright is upright: the picture is turned as the file says', async () => {
    // Left red, right blue, and to be turned: red is above, or below.
    const flat = join(world.folder, 'flat.mp4');
    const turned = join(world.folder, 'turned.mp4');
    const halves = 'color=c=red:s=640x720:r=15[l];color=c=blue:s=640x720:r=15[r];[l][r]hstack';
    await run('ffmpeg', ['-v', 'error', '-y', '-filter_complex', halves, '-t', '1', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', flat]);
    await run('ffmpeg', ['-v', 'error', '-y', '-i', flat, '-c', 'copy', '-metadata:s:v', 'rotate=90', turned]);
    const [reference] = (await run('ffmpeg', ['-v', 'error', '-i', turned, '-frames:v', '1', '-vf', 'crop=2:2:360:20,format=rgb24,scale=1:1', '-f', 'rawvideo', '-'], { encoding: 'buffer' })).stdout;
    const id = await world.uploaded(await readFile(turned));
    expect(await world.process(id)).toMatchObject({ status: 'ready', width: 720, height: 1280, sound_id: null });
    expect(await sizeOf(await world.path(id, 'low.m4s'))).toBe('360x640');
    expect(await sizeOf(await world.path(id, 'thumbnail.jpg'))).toBe('720x1280');
    const [above, below] = [await colourAt(await world.path(id, 'high.m4s'), 360, 20), await colourAt(await world.path(id, 'high.m4s'), 360, 1_240)];
    expect([above[0]! > 150, below[0]! > 150]).toEqual(reference! > 150 ? [true, false] : [false, true]);
    expect(await readFile(await world.path(id, 'master.m3u8'), 'utf8')).not.toContain('mp4a');
  });

  test('in HDR is brought to what every screen shows', async () => {
    const options = ['-vf', 'format=yuv420p10le', '-pix_fmt', 'yuv420p10le', '-color_trc', 'arib-std-b67', '-color_primaries', 'bt2020', '-colorspace', 'bt2020nc'];
    const id = await world.uploaded(await testVideo({ seconds: 1, options }));
    expect(await world.process(id)).toMatchObject({ status: 'ready' });
    const [track] = await probe(await world.path(id, 'high.m4s'));
    expect(track).toMatchObject({ pix_fmt: 'yuv420p', color_transfer: 'bt709' });
  });

  test('that is small has one quality, and one that is neither public nor of a public account lends its sound to nobody', async () => {
    const author = await appUser(world.api, { is_private: true });
    const small = await testVideo({ size: '320x240', seconds: 1 });
    const [closed, secret] = [await world.uploaded(small, { author, description: '#closed' }), await world.uploaded(small, { privacy: 'private', description: '#secret' })];
    for (const id of [closed, secret]) {
      expect(await world.process(id)).toMatchObject({ status: 'ready', sound_id: null });
      expect(await world.stored(id)).toEqual(NINE.filter((name) => !name.startsWith('low')));
      expect(await world.deps.storage.stat(soundKey(originalSoundId(id)))).toBeNull();
    }
    expect(await db().selectFrom('hashtags').select('name').where('name', '=', 'secret').execute()).toEqual([]);
  });

  test('with a sound of the catalogue counts for that one', async () => {
    const origin = await world.process(await world.uploaded(landscape));
    const next = await world.process(await world.uploaded(landscape, { sound_id: origin.sound_id }));
    expect(next.sound_id).toBe(origin.sound_id);
    expect(await db().selectFrom('sounds').select('videos').where('id', '=', origin.sound_id!).executeTakeFirst()).toEqual({ videos: 2 });
    await db().updateTable('sounds').set({ deleted_at: new Date() }).where('id', '=', origin.sound_id!).execute();
    // It was taken out of the catalogue while this one was made.
    const last = await world.process(await world.uploaded(landscape, { sound_id: origin.sound_id }));
    expect(last.sound_id).toBe(originalSoundId(last.id));
  });
});

describe('What is no video', () => {
  test.each<[string, () => Promise<Buffer> | Buffer, string, string]>([
    ['text', () => Buffer.from('This is no video.'), 'vod_unreadable', ''],
    ['sound alone', () => testVideo({ seconds: 1, options: ['-vn'] }), 'vod_unreadable', 'no video track'],
    ['half a video', () => landscape.subarray(0, landscape.length / 2), 'vod_unreadable', ''],
    ['a video of more than VIDEO_MAX_S', () => testVideo({ seconds: 12, size: '160x120' }), 'video_too_long', 'at most 10 s'],
    ['a longer one that does not say so', () => testVideo({ seconds: 14, size: '160x120', options: ['-f', 'matroska', '-live', '1'] }, 'mkv'), 'video_too_long', 'at most 10 s'],
    ['a playlist that names a file of this machine', () => Buffer.from(`#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:2,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n`), 'vod_unreadable', ''],
  ])('%s fails with the reason, and nothing of it is kept', async (_what, bytes, code, words) => {
    const author = await appUser(world.api);
    const id = await world.uploaded(await bytes(), { author, description: '#nothing' });
    const video = await world.process(id);
    expect(video).toMatchObject({ status: 'failed', status_code: code, status_reason: expect.stringContaining(words), source_key: null, playlist_key: null });
    expect([await world.stored(id), await world.leftovers()]).toEqual([[], []]);
    expect(await world.deps.storage.stat(soundKey(originalSoundId(id)))).toBeNull();
    expect(await db().selectFrom('app_users').select('videos').where('id', '=', author.id).executeTakeFirst()).toEqual({ videos: 0 });
    expect(await db().selectFrom('hashtags').select('name').where('name', '=', 'nothing').execute()).toEqual([]);
    const [told] = await db().selectFrom('app_notifications').select(['kind', 'text']).where('user_id', '=', author.id).execute();
    expect(told).toMatchObject({ kind: 'video', text: expect.stringContaining('could not be made ready') });
  });
});

describe('A video that is deleted while it is made', () => {
  test('leaves nothing behind, and is never published', async () => {
    const author = await appUser(world.api);
    const id = await world.uploaded(landscape, { author });
    const running = world.process(id);
    await eventually(async () => (await readdir(join(world.deps.workRoot, (await world.leftovers()).find((name) => name.startsWith(id))!, 'hls'))).length > 0);
    await db().updateTable('videos').set({ deleted_at: new Date() }).where('id', '=', id).execute();
    expect(await running).toMatchObject({ status: 'processing', deleted_at: expect.any(Date) });
    expect([await world.stored(id), await world.leftovers()]).toEqual([[], []]);
    expect(await db().selectFrom('app_users').select('videos').where('id', '=', author.id).executeTakeFirst()).toEqual({ videos: 0 });
  });
});
