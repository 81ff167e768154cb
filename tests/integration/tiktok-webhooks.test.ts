import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { storeWebhook } from '../../db/tiktok-webhook.repository.ts';
import { tiktokTokenWorkflowId, tiktokWebhookWorkflowId } from '../../domain/names.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { POST_ID } from '../helpers/fake-publishing.ts';
import { publishingHarness, type Publishing } from '../helpers/publishing.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';

let database: TestDatabase;
let temporal: TestTemporal;
let publishing: Publishing;

beforeAll(async () => {
  [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
  publishing = await publishingHarness(database, temporal);
});
afterEach(() => publishing.tiktok.reset());
afterAll(async () => {
  await temporal.close();
  await publishing.close();
  await database.drop();
});

const body = (event: string, openId: string, content: object, create_time = Math.floor(Date.now() / 1_000)): string =>
  JSON.stringify({ client_key: 'key', event, create_time, user_openid: openId, content: JSON.stringify({ publish_type: 'DIRECT_PUBLISH', ...content }) });

async function receive(text: string): Promise<string> {
  const { id } = await storeWebhook(database.db, { body: text, event: 'e', user_openid: null });
  return temporal.client.workflow.execute('processTikTokWebhook', { taskQueue: publishing.queue, workflowId: tiktokWebhookWorkflowId(id), args: [{ webhook_id: id }] });
}
const stored = (): Promise<{ times_received: number; outcome: string | null; processed_at: Date | null }[]> =>
  database.db.selectFrom('tiktok_webhooks').select(['times_received', 'outcome', 'processed_at']).execute();

const row = (id: string) => publishing.row(id);

async function published(over: object = {}) {
  const openId = randomUUID();
  const account = await publishing.account(openId);
  const publish_id = `v_pub_file~v2-1.${randomUUID()}`;
  const post = await publishing.post({ account, over: { state: 'published', publish_id, published_at: new Date(), ...over } });
  return { openId, account, publish_id, post };
}

test('a webhook ends the wait of its post at once, and its repeat changes nothing', async () => {
  publishing.tiktok.statuses = [{ status: 'PROCESSING_UPLOAD' }];
  const openId = randomUUID();
  const post = await publishing.post({ account: await publishing.account(openId) });
  const handle = await publishing.start(post, { poll_initial_ms: 300_000, poll_max_ms: 300_000, processing_max_ms: 900_000 });
  await eventually(() => publishing.tiktok.called.status > 0);
  const [at] = publishing.tiktok.posts;
  at!.statuses = [{ status: 'PUBLISH_COMPLETE', post_ids: [POST_ID] }];
  const text = body('post.publish.complete', openId, { publish_id: at!.publish_id });
  expect(await receive(text)).toBe('the post’s workflow was told');
  expect(await handle.result()).toMatchObject({ state: 'published' });
  expect(await receive(text)).toBe('the post’s workflow was told');
  expect((await publishing.timeline(post.id)).filter((kind) => kind === 'webhook')).toHaveLength(1);
  expect(await stored()).toEqual([{ times_received: 2, outcome: 'the post’s workflow was told', processed_at: expect.any(Date) }]);
});

test('ids that become public after the workflow has ended are kept, sampled and linked, each once', async () => {
  const { openId, publish_id, post, account } = await published();
  for (const post_id of [POST_ID, '7412345678901234568', POST_ID]) {
    await receive(body('post.publish.publicly_available', openId, { publish_id, post_id }, 1_750_000_000 + Math.floor(Math.random() * 1e6)));
  }
  expect(await row(post.id)).toMatchObject({ tiktok_post_ids: [POST_ID, '7412345678901234568'], permalink: `https://www.tiktok.com/@ada/video/${POST_ID}` });
  expect(await receive(body('post.publish.no_longer_publicaly_available', openId, { publish_id, post_id: POST_ID }))).toBe('the post’s row was brought up to date');
  const sampled = () =>
    database.db.selectFrom('sampled_videos').select(['video_id', 'gone_at']).where('social_account_id', '=', account).orderBy('video_id').execute();
  expect(await sampled()).toEqual([{ video_id: POST_ID, gone_at: expect.any(Date) }, { video_id: '7412345678901234568', gone_at: null }]);
  const later = body('post.publish.publicly_available', openId, { publish_id, post_id: POST_ID }, Math.floor(Date.now() / 1_000) + 1);
  expect(await receive(later)).toBe('the post’s row was brought up to date');
  expect(await sampled()).toEqual([{ video_id: POST_ID, gone_at: null }, { video_id: '7412345678901234568', gone_at: null }]);
});

test('a draft that its owner posts long after is published, and one that TikTok then refuses has failed', async () => {
  const draft = await published({ state: 'in_inbox', mode: 'inbox', published_at: null });
  await receive(body('post.publish.complete', draft.openId, { publish_id: draft.publish_id }));
  expect(await row(draft.post.id)).toMatchObject({ state: 'published', published_at: expect.any(Date) });
  const refused = await published({ state: 'in_inbox', mode: 'inbox', published_at: null });
  await receive(body('post.publish.failed', refused.openId, { publish_id: refused.publish_id, reason: 'spam_risk' }));
  expect(await row(refused.post.id)).toMatchObject({ state: 'failed', state_reason: expect.stringContaining('spam_risk') });
});

test('what belongs to somebody else, or to another product of TikTok’s, is ignored and says so', async () => {
  const { publish_id, post } = await published();
  const foreign = receive(body('post.publish.publicly_available', randomUUID(), { publish_id, post_id: POST_ID }));
  expect(await receive(body('portability.download.ready', randomUUID(), { request_id: 1 }))).toContain('ignored');
  expect(await receive(body('post.publish.from.the.future', randomUUID(), {}))).toContain('ignored');
  expect(await foreign).toBe('ignored: no post of ours has this publish_id');
  expect(await row(post.id)).toMatchObject({ tiktok_post_ids: [] });
}, 60_000);

test('a webhook that overtakes the answer to its init waits for it', async () => {
  const openId = randomUUID();
  const post = await publishing.post({ account: await publishing.account(openId), over: { state: 'published', published_at: new Date() } });
  const publish_id = `v_pub_file~v2-1.${randomUUID()}`;
  const processing = receive(body('post.publish.publicly_available', openId, { publish_id, post_id: POST_ID }));
  await eventually(async () => {
    const [open] = await database.db.selectFrom('tiktok_webhooks').select('id').where('processed_at', 'is', null).execute();
    const { raw } = await temporal.client.workflow.getHandle(tiktokWebhookWorkflowId(open!.id)).describe();
    return (raw.pendingActivities?.[0]?.attempt ?? 0) > 1;
  });
  await database.db.updateTable('posts').set({ publish_id }).where('id', '=', post.id).execute();
  expect(await processing).toBe('the post’s row was brought up to date');
});

test('a consent that was removed is told to the token’s owner in each workspace, unless it was given again since', async () => {
  const openId = randomUUID();
  const account = await publishing.account(openId);
  const now = Math.floor(Date.now() / 1_000);
  expect(await receive(body('authorization.removed', openId, { reason: 1 }, now - 3_600))).toBe('ignored: the account was connected again since');
  expect(await receive(body('authorization.removed', openId, { reason: 1 }, now + 1))).toBe('consent removed: 1 account(s) told');
  const handle = temporal.client.workflow.getHandle(tiktokTokenWorkflowId(account));
  expect(JSON.stringify(await handle.fetchHistory())).toContain('consentRemoved');
  await handle.terminate();
  expect(await receive(body('authorization.removed', randomUUID(), { reason: 1 }))).toBe('ignored: no account of ours');
});

test('the sweep has processed what nobody was started for', async () => {
  const { openId, publish_id, post } = await published();
  const { id } = await storeWebhook(database.db, { body: body('post.publish.publicly_available', openId, { publish_id, post_id: POST_ID }), event: 'e', user_openid: openId });
  await database.db.updateTable('tiktok_webhooks').set({ received_at: new Date(Date.now() - 60_000) }).where('id', '=', id).execute();
  await temporal.client.workflow.execute('sweepTikTokWebhooks', { taskQueue: publishing.queue, workflowId: `sweep-webhooks:${id}` });
  await eventually(async () => (await row(post.id)).tiktok_post_ids.length === 1);
});
