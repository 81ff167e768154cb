import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PostView } from '../../api/schemas/post.ts';
import { newId } from '../../db/ids.ts';
import { vodKey, type PublishClipInput } from '../../domain/contracts/vod.ts';
import { publishClipWorkflowId } from '../../domain/names.ts';
import { createDownload } from '../../messaging/outgoing-download.ts';
import { seedSocialAccount, testSecrets } from '../helpers/accounts.ts';
import { eventually } from '../helpers/eventually.ts';
import { createFakeTikTok } from '../helpers/fake-tiktok.ts';
import { publishingHarness, type Publishing } from '../helpers/publishing.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { decodeFaults, put, sha256, testVideo } from '../helpers/recordings.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';
import { runVodWorkers } from '../helpers/vod-world.ts';

jest.setTimeout(180_000);

interface Clip {
  id: string;
  state: string;
  state_code: string | null;
  media_id: string | null;
  post_ids: string[];
  code?: string;
  errors?: { field: string }[];
}

let api: TestApi;
let temporal: TestTemporal;
let publishing: Publishing;
let folder: string;
let owner: Person;
let account: string;
let bytes: Buffer;
const download = createDownload({ allowPrivate: true });
beforeAll(async () => {
  [api, temporal, folder, bytes] = await Promise.all([createTestApi(), testTemporal(), mkdtemp(join(tmpdir(), 'showrunner-clips-')), testVideo({ seconds: 6, size: '640x360', rate: 15 })]);
  publishing = await publishingHarness(api.database, temporal);
  api.deps.media = publishing.media;
  api.temporal.streaming.publishClip = async (input: PublishClipInput) => {
    await temporal.client.workflow.start('publishClip', { taskQueue: temporal.taskQueue, workflowId: publishClipWorkflowId(input.clip_id), args: [input] });
  };
  await runVodWorkers(temporal, {
    db: api.deps.db,
    client: temporal.client,
    taskQueuePrefix: publishing.prefix,
    storage: publishing.media,
    ffmpeg: 'ffmpeg',
    ffprobe: 'ffprobe',
    workRoot: join(folder, 'work'),
    uploadRoot: join(folder, 'uploads'),
    importRoot: null,
    download,
    maxBytes: 64 * 1024 * 1024,
    clipMaxBytes: 64 * 1024 * 1024,
    logger: quietLog,
  });
});
beforeEach(async () => {
  owner = await api.person();
  account = await seedSocialAccount(api.deps.db, testSecrets(), owner.workspace_id, createFakeTikTok().grant(newId()), { username: 'ada' });
});
afterAll(async () => {
  await temporal.close();
  await download.close();
  await publishing.close();
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

async function seedVod(): Promise<string> {
  const id = newId();
  await put(publishing.media, vodKey(id), bytes);
  const file = { storage_key: vodKey(id), poster_key: null, content_type: 'video/mp4', size_bytes: bytes.length, sha256: sha256(bytes), duration_ms: 6_000, width: 640, height: 360, probe: null };
  await api.deps.db
    .insertInto('vods')
    .values({ id, workspace_id: owner.workspace_id, user_id: owner.user_id, stream_id: null, title: 'Friday live', description: null, visibility: 'private', source: 'upload', source_url: null, status: 'ready', status_code: null, status_reason: null, ...file, recorded_from: null })
    .execute();
  return id;
}
const publish = (id: string, over: object = {}, token = owner.token) =>
  api.call<Clip>('POST', `/vod/${id}/publish`, { token, body: { social_account_ids: [account], caption: 'From the live #test', privacy_level: 'SELF_ONLY', clip: { start_ms: 1_500, end_ms: 4_000 }, ...over } });
const clipOf = async (vodId: string, id: string) => (await api.call<Clip>('GET', `/vod/${vodId}/clips/${id}`, { token: owner.token })).body;
const ended = (vodId: string, id: string) =>
  eventually(async () => {
    const clip = await clipOf(vodId, id);
    return clip.state === 'making' ? null : clip;
  }, { timeoutMs: 90_000 });
const mediaOf = async (id: string) => {
  const row = await api.deps.db.selectFrom('media').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  return { row, path: (await publishing.media.localPath(row.storage_key)).path };
};

describe('A part of a video', () => {
  test('is cut to the frame, cropped upright, and published through the pipeline', async () => {
    const vod = await seedVod();
    const asked = await publish(vod, { crop: '9:16', crop_x: 0 });
    expect([asked.status, asked.body]).toMatchObject([202, { state: 'making', post_ids: [] }]);
    const clip = await ended(vod, asked.body.id);
    expect(clip).toMatchObject({ state: 'published', state_code: null, media_id: expect.any(String), post_ids: [expect.any(String)] });
    const { row, path } = await mediaOf(clip.media_id!);
    expect(row).toMatchObject({ workspace_id: owner.workspace_id, content_type: 'video/mp4', created_by: owner.user_id, probe: { video_codec: 'h264', width: 360, height: 640 } });
    expect(Math.abs(row.probe!.duration_ms! - 2_500)).toBeLessThan(120);
    expect(row.probe!.frame_rate).toBeGreaterThanOrEqual(23);
    expect(await decodeFaults(path)).toBe('');
    const post = await eventually(async () => {
      const { body } = await api.call<PostView>('GET', `/api/posts/${clip.post_ids[0]}`, { token: owner.token });
      return ['published', 'failed'].includes(body.state) ? body : null;
    }, { timeoutMs: 90_000 });
    expect(post).toMatchObject({ state: 'published', caption: 'From the live #test', media: { id: clip.media_id }, social_account: { id: account } });
    // TikTok has exactly these bytes.
    const sent = publishing.tiktok.posts.at(-1)!;
    expect([sent.size, sent.uploaded]).toEqual([row.size_bytes, row.size_bytes]);
  });

  test('of the whole picture keeps its shape, and no part named is all of it', async () => {
    const vod = await seedVod();
    const { body } = await publish(vod, { clip: null });
    const { row } = await mediaOf((await ended(vod, body.id)).media_id!);
    expect(row.probe).toMatchObject({ width: 640, height: 360 });
    expect(Math.abs(row.probe!.duration_ms! - 6_000)).toBeLessThan(150);
  });

  test('is made once, though its workflow runs twice', async () => {
    const vod = await seedVod();
    const { body } = await publish(vod);
    const first = await ended(vod, body.id);
    await temporal.client.workflow.getHandle(publishClipWorkflowId(body.id)).result();
    await api.deps.db.updateTable('vod_clips').set({ state: 'making', group_id: null }).where('id', '=', body.id).execute();
    await temporal.client.workflow.execute('publishClip', { taskQueue: temporal.taskQueue, workflowId: publishClipWorkflowId(body.id), args: [{ clip_id: body.id, vod_id: vod, workspace_id: owner.workspace_id, request_id: null }] });
    expect(await clipOf(vod, body.id)).toMatchObject({ state: 'published', post_ids: first.post_ids, media_id: first.media_id });
  });

  test('for an account that was disconnected meanwhile fails, and says so', async () => {
    const vod = await seedVod();
    const start = api.temporal.streaming.publishClip;
    let input: PublishClipInput | null = null;
    api.temporal.streaming.publishClip = async (given) => void (input = given);
    const { body } = await publish(vod);
    api.temporal.streaming.publishClip = start;
    await api.deps.db.updateTable('social_accounts').set({ state: 'disconnected', access_token: null, refresh_token: null }).where('id', '=', account).execute();
    await start(input!);
    expect(await ended(vod, body.id)).toMatchObject({ state: 'failed', state_code: 'account_disconnected', post_ids: [] });
  });

  test('that is not there, or posts that can not be, are refused at once', async () => {
    const vod = await seedVod();
    const fields = async (over: object) => {
      const { status, body } = await publish(vod, over);
      return [status, body.errors?.map(({ field }) => field)];
    };
    expect(await fields({ clip: { start_ms: 0, end_ms: 6_001 } })).toEqual([422, ['clip.end_ms']]);
    expect(await fields({ clip: { start_ms: 2_000, end_ms: 2_500 } })).toEqual([422, ['clip.end_ms']]);
    expect(await fields({ crop: '1:1' })).toEqual([422, ['crop']]);
    expect(await fields({ social_account_ids: [newId()] })).toEqual([422, ['social_account_ids.0']]);
    expect(await fields({ privacy_level: null, clip: { start_ms: 0, end_ms: 7_000 } })).toEqual([422, expect.arrayContaining(['privacy_level', 'clip.end_ms'])]);
    expect(await api.deps.db.selectFrom('vod_clips').select('id').where('vod_id', '=', vod).execute()).toEqual([]);
  });

  test('is nobody else’s business: not of strangers, nor of members who may not post', async () => {
    const vod = await seedVod();
    const { body } = await publish(vod);
    const stranger = await api.person();
    expect((await publish(vod, {}, stranger.token)).status).toBe(404);
    expect((await api.call('GET', `/vod/${vod}/clips/${body.id}`, { token: stranger.token })).status).toBe(404);
    const refused = await publish(vod, {}, (await api.person('member', owner.workspace_id)).token);
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
    await ended(vod, body.id);
  });
});

