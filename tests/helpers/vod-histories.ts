import { mkdir } from 'node:fs/promises';
import { newId } from '../../db/ids.ts';
import { insertVod, vodReceived } from '../../db/vod.repository.ts';
import { insertClip } from '../../db/vod-clip.repository.ts';
import { vodKey, vodSourceKey } from '../../domain/contracts/vod.ts';
import { ingestVodWorkflowId, publishClipWorkflowId } from '../../domain/names.ts';
import { seedSocialAccount, testSecrets } from './accounts.ts';
import { createFakeTikTok } from './fake-tiktok.ts';
import { CONTENT } from './post-content.ts';
import { recordHistory } from './record-history.ts';
import { fragmented, put, seedRecording, seedStream, sha256, testVideo } from './recordings.ts';
import { createVodWorld, type VodWorld } from './vod-world.ts';

/** Each runs a workflow to its end and gives its id. */
const RECORDINGS: Record<string, (world: VodWorld) => Promise<string>> = {
  'ingest-vod-recording': recordRecording,
  'ingest-vod-upload': recordUpload,
  'ingest-vod-refused': recordRefused,
  'publish-clip': recordClip,
};
export const VOD_RECORDINGS = Object.keys(RECORDINGS);

/** @returns the files */
export async function recordVods(names: readonly string[]): Promise<string[]> {
  const world = await createVodWorld();
  await world.worker();
  const files: string[] = [];
  try {
    for (const name of names) files.push(await recordHistory(world.temporal.client, name, await RECORDINGS[name]!(world)));
    return files;
  } finally {
    await world.close();
  }
}

/** A recording one of whose segments never comes. */
async function recordRecording(world: VodWorld): Promise<string> {
  const stream_id = await seedStream(world.database.db, world.owner);
  await seedRecording(world.database.db, world.storage, stream_id, [{ ...(await fragmented({ seconds: 3 })), started_at: new Date('2026-03-14T18:00:00Z'), states: { 2: { state: 'open' } } }]);
  const vod_id = newId();
  await world.ingest({ vod_id, source: 'recording', stream_id, timings: { settle_poll_ms: 50, settle_max_ms: 300 } });
  return ingestVodWorkflowId(vod_id);
}

const newVod = (world: VodWorld, id: string, source: 'upload' | 'fetch') => ({ id, ...world.owner, stream_id: null, title: 'Friday', description: null, visibility: 'public' as const, source, source_url: source === 'fetch' ? 'nothing.mp4' : null, recorded_from: null });

async function recordUpload(world: VodWorld): Promise<string> {
  const [vod_id, bytes] = [newId(), await testVideo()];
  await insertVod(world.database.db, newVod(world, vod_id, 'upload'));
  await put(world.storage, vodSourceKey(vod_id), bytes);
  await vodReceived(world.database.db, vod_id, { storage_key: vodSourceKey(vod_id), size_bytes: bytes.length, sha256: sha256(bytes) });
  await world.ingest({ vod_id, source: 'upload', stream_id: null });
  return ingestVodWorkflowId(vod_id);
}

/** A path at which nothing is. */
async function recordRefused(world: VodWorld): Promise<string> {
  const vod_id = newId();
  await insertVod(world.database.db, newVod(world, vod_id, 'fetch'));
  await mkdir(world.deps.importRoot!, { recursive: true });
  await world.ingest({ vod_id, source: 'fetch', stream_id: null });
  return ingestVodWorkflowId(vod_id);
}

async function recordClip(world: VodWorld): Promise<string> {
  const { db } = world.database;
  const [vod_id, bytes] = [newId(), await testVideo({ size: '640x360', seconds: 3 })];
  await insertVod(db, newVod(world, vod_id, 'upload'));
  await put(world.storage, vodKey(vod_id), bytes);
  await vodReceived(db, vod_id, { storage_key: vodKey(vod_id), size_bytes: bytes.length, sha256: sha256(bytes) });
  const account = await seedSocialAccount(db, testSecrets(), world.owner.workspace_id, createFakeTikTok().grant(newId()), { username: 'ada' });
  const request = { social_account_ids: [account], mode: 'direct' as const, content: CONTENT, publish_at: null, time_zone: null };
  const clip = await insertClip(db, { workspace_id: world.owner.workspace_id, vod_id, start_ms: 0, end_ms: 1_500, crop_x: 0.5, created_by: world.owner.user_id, request });
  const { client, taskQueue } = world.temporal;
  await client.workflow.execute('publishClip', { taskQueue, workflowId: publishClipWorkflowId(clip.id), args: [{ clip_id: clip.id, vod_id, workspace_id: world.owner.workspace_id, request_id: null }] });
  return publishClipWorkflowId(clip.id);
}
