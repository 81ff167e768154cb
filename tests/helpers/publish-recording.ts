import { cancelUpdate, editUpdate, webhookSignal } from '../../workflows/publish-video.messages.ts';
import { createTestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { lost, noAnswer, POST_ID, videoOf } from './fake-publishing.ts';
import { failureOf } from './fake-tiktok.ts';
import { MIB, publishingHarness, type Publishing } from './publishing.ts';
import { recordHistory } from './record-history.ts';
import { testTemporal } from './temporal.ts';

/** Each runs a workflow to its end and gives its id. */
const RECORDINGS: Record<string, (publishing: Publishing) => Promise<string>> = {
  'publish-video': recordWholeLife,
  'publish-video-unconfirmed': recordUnconfirmed,
  'publish-video-cancelled': recordCancelled,
};
export const PUBLISH_RECORDINGS = Object.keys(RECORDINGS);

/** @returns the files */
export async function recordPublishing(names: readonly string[]): Promise<string[]> {
  const [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
  const publishing = await publishingHarness(database, temporal);
  const files: string[] = [];
  try {
    for (const name of names) {
      publishing.tiktok.reset();
      files.push(await recordHistory(temporal.client, name, await RECORDINGS[name]!(publishing)));
    }
    return files;
  } finally {
    await temporal.close();
    await publishing.close();
    await database.drop();
  }
}

const inAnHour = (): Date => new Date(Date.now() + 3_600_000);

/**
 * Scheduled, edited, limited by TikTok, an init whose answer is lost, an upload that breaks, is answered with 416 and expires, a
 * cancellation that comes too late, a webhook, and ids that come late.
 */
async function recordWholeLife(publishing: Publishing): Promise<string> {
  const { tiktok } = publishing;
  const post = await publishing.post({ bytes: 150 * MIB, over: { publish_at: inAnHour() } });
  tiktok.twists.init.push(
    async () => failureOf({ code: 'tiktok_rate_limited', reason: 'rate_limit_exceeded', definite: true, retry_after_ms: 300 }),
    lost,
  );
  tiktok.twists.uploadChunk.push(
    lost as never,
    async () => noAnswer,
    async (act) => act(),
    async () => ({ ok: true, value: { kind: 'dead', reason: 'TikTok takes nothing more at this upload URL: it has expired (HTTP 403).' } }),
  );
  tiktok.twists.cancel.push(async () => failureOf({ code: 'tiktok_not_cancellable', reason: 'publish_not_cancellable', definite: true, retryable: false }));
  tiktok.statuses = [{ status: 'PROCESSING_UPLOAD', uploaded_bytes: null }];
  const handle = await publishing.start(post, { processing_max_ms: 60_000 });
  await eventually(async () => (await publishing.timeline(post.id)).includes('scheduled'));
  await handle.executeUpdate(editUpdate, { args: [{ content: { caption: 'Edited' }, publish_at: new Date(Date.now() + 500).toISOString() }] });
  await eventually(async () => (await publishing.row(post.id)).state === 'processing', { timeoutMs: 60_000 });
  await handle.executeUpdate(cancelUpdate);
  tiktok.posts.at(-1)!.statuses = [{ status: 'PUBLISH_COMPLETE' }, { status: 'PUBLISH_COMPLETE' }, { status: 'PUBLISH_COMPLETE', post_ids: [POST_ID] }];
  await handle.signal(webhookSignal, 'post.publish.complete');
  await handle.result();
  return handle.workflowId;
}

/** A pull whose init got no answer, and that is found among the account's videos. */
async function recordUnconfirmed(publishing: Publishing): Promise<string> {
  publishing.tiktok.twists.init.push(lost);
  const post = await publishing.post({ bytes: null });
  const handle = await publishing.start(post);
  await eventually(async () => publishing.tiktok.called.listVideos >= 2);
  publishing.tiktok.videos = [videoOf({ video_description: post.content.caption })];
  await handle.result();
  return handle.workflowId;
}

/** Cancelled in the middle of a chunk. */
async function recordCancelled(publishing: Publishing): Promise<string> {
  publishing.tiktok.twists.uploadChunk.push(() => new Promise(() => undefined));
  const handle = await publishing.start(await publishing.post({ bytes: 150 * MIB }));
  await eventually(() => publishing.tiktok.called.uploadChunk === 1);
  await handle.executeUpdate(cancelUpdate);
  await handle.result();
  return handle.workflowId;
}
