import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Row } from '../../db/schema.ts';
import type { PostState } from '../../domain/contracts/post.ts';
import { publishWorkflowId } from '../../domain/names.ts';
import { cancelUpdate, editUpdate, publishQuery, webhookSignal } from '../../workflows/publish-video.messages.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { lost, noAnswer, POST_ID, videoOf } from '../helpers/fake-publishing.ts';
import { failureOf } from '../helpers/fake-tiktok.ts';
import { MIB, publishingHarness, type PostSeed, type Publishing } from '../helpers/publishing.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';

let database: TestDatabase;
let temporal: TestTemporal;
let publishing: Publishing;
const running = new Set<string>();

beforeAll(async () => {
  [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
  publishing = await publishingHarness(database, temporal);
});
afterEach(async () => {
  for (const id of running) await temporal.client.workflow.getHandle(id).terminate().catch(() => undefined);
  running.clear();
  publishing.tiktok.reset();
});
afterAll(async () => {
  await temporal.close();
  await publishing.close();
  await database.drop();
});

async function publish(seed: PostSeed = {}, timings: Parameters<Publishing['start']>[1] = {}) {
  const post = await publishing.post(seed);
  running.add(publishWorkflowId(post.id));
  return { post, handle: await publishing.start(post, timings) };
}

const reaches = (post: Row<'posts'>, state: PostState): Promise<Row<'posts'>> =>
  eventually(async () => {
    const row = await publishing.row(post.id);
    if (row.state !== state) throw new Error(`${row.state}: ${row.state_reason}`);
    return row;
  });
const soon = (ms = 3_600_000): Date => new Date(Date.now() + ms);

describe('A post', () => {
  test('is published: checked, sent and asked about, with its whole life in the timeline', async () => {
    const { post, handle } = await publish();
    expect(await handle.result()).toEqual({ state: 'published', reason: null });
    expect(await publishing.row(post.id)).toMatchObject({
      state: 'published',
      tiktok_post_ids: [POST_ID],
      permalink: `https://www.tiktok.com/@ada/video/${POST_ID}`,
      bytes_uploaded: 10_000,
      upload_url: null,
      init_count: 1,
    });
    expect(await publishing.timeline(post.id)).toEqual(['scheduled', 'creator_info', 'init', 'upload_started', 'uploaded', 'published']);
    expect(publishing.tiktok.posts).toHaveLength(1);
    const { sampled } = await database.db.selectFrom('sampled_videos').select((eb) => eb.fn.countAll<number>().as('sampled')).where('post_id', '=', post.id).executeTakeFirstOrThrow();
    expect(sampled).toBe(1);
  });

  test('of more than 64 MiB goes chunk by chunk, each an activity of its own', async () => {
    const { post, handle } = await publish({ bytes: 150 * MIB });
    await handle.result();
    expect(publishing.tiktok.posts[0]).toMatchObject({ uploaded: 150 * MIB, chunks: 3 });
    expect((await publishing.timeline(post.id)).filter((kind) => kind === 'chunk')).toHaveLength(2);
    const { history } = await handle.fetchHistory().then((full) => ({ history: JSON.stringify(full) }));
    expect(history).not.toContain('upload_id');
  });

  test('that TikTok refuses shows its reason and what to do', async () => {
    publishing.tiktok.statuses = [{ status: 'PROCESSING_UPLOAD' }, { status: 'FAILED', fail_reason: 'frame_rate_check_failed' }];
    const { post, handle } = await publish();
    expect(await handle.result()).toMatchObject({ state: 'failed', reason: expect.stringContaining('23 to 60 frames') });
    expect(await publishing.row(post.id)).toMatchObject({ state: 'failed', state_code: 'media_frame_rate', state_reason: expect.stringContaining('frame_rate_check_failed') });
    const told = await database.db.selectFrom('notifications').select('message').where('message', 'like', '%frame_rate_check_failed%').execute();
    expect(told).toEqual([{ message: expect.stringMatching(/^The post “A clip #test” was not published\. /) }]);
  });

  test('that failed through TikTok’s own fault is begun anew, and not without end', async () => {
    publishing.tiktok.statuses = [{ status: 'FAILED', fail_reason: 'internal' }];
    const { handle } = await publish({}, { max_inits: 2 });
    expect(await handle.result()).toMatchObject({ state: 'failed', reason: expect.stringContaining('2 times') });
    expect(publishing.tiktok.posts).toHaveLength(2);

    publishing.tiktok.reset();
    publishing.tiktok.statuses = [{ status: 'FAILED', fail_reason: 'internal' }];
    publishing.tiktok.twists.status.push(async (act) => {
      publishing.tiktok.statuses = [{ status: 'PUBLISH_COMPLETE', post_ids: [POST_ID] }];
      return act();
    });
    const again = await publish({}, { max_inits: 2 });
    expect(await again.handle.result()).toMatchObject({ state: 'published' });
    expect(publishing.tiktok.posts).toHaveLength(2);
  });

  test('published without an id gets it, and its link, when TikTok tells it', async () => {
    publishing.tiktok.statuses = [{ status: 'PUBLISH_COMPLETE' }, { status: 'PUBLISH_COMPLETE' }, { status: 'PUBLISH_COMPLETE', post_ids: [POST_ID] }];
    const { post, handle } = await publish();
    expect(await reaches(post, 'published')).toBeTruthy();
    await handle.result();
    expect(await publishing.row(post.id)).toMatchObject({ tiktok_post_ids: [POST_ID], permalink: expect.stringContaining(POST_ID) });
  });

  test('that only its owner sees is done without an id', async () => {
    publishing.tiktok.statuses = [{ status: 'PUBLISH_COMPLETE' }];
    const { handle } = await publish({ content: { privacy_level: 'SELF_ONLY' } });
    await handle.result();
    expect(publishing.tiktok.called.status).toBe(1);
  });

  test('as a draft stays in the inbox until its owner posts it', async () => {
    publishing.tiktok.statuses = [{ status: 'SEND_TO_USER_INBOX' }];
    const { post, handle } = await publish({ content: { privacy_level: null }, over: { mode: 'inbox' } });
    await reaches(post, 'in_inbox');
    expect(publishing.tiktok.called.creatorInfo).toBe(0);
    expect(await handle.executeUpdate(cancelUpdate)).toMatchObject({ ok: false, code: 'post_not_cancellable' });
    publishing.tiktok.posts[0]!.statuses = [{ status: 'PUBLISH_COMPLETE', post_ids: [POST_ID] }];
    await handle.signal(webhookSignal, 'post.publish.complete');
    expect(await handle.result()).toMatchObject({ state: 'published' });
  });

  test('whose token died on the way goes on, and says so', async () => {
    publishing.tiktok.tokenDies = true;
    const { post, handle } = await publish();
    await handle.result();
    expect(await publishing.timeline(post.id)).toContain('token_refreshed');
  });

  test('that was deleted ends its workflow', async () => {
    const { post, handle } = await publish({ over: { publish_at: soon() } });
    await reaches(post, 'scheduled');
    await database.db.deleteFrom('posts').where('id', '=', post.id).execute();
    expect(await handle.executeUpdate(cancelUpdate)).toEqual({ ok: true });
    expect(await handle.result()).toMatchObject({ state: 'cancelled' });
  });
});

describe('Before init', () => {
  test('it waits for its time, and an edit that moves it wakes it', async () => {
    const { post, handle } = await publish({ over: { publish_at: soon() } });
    await eventually(async () => (await publishing.timeline(post.id)).includes('scheduled'));
    expect(await handle.executeUpdate(editUpdate, { args: [{ content: { caption: 'Better' }, publish_at: soon(300).toISOString() }] })).toEqual({ ok: true });
    expect(await handle.result()).toMatchObject({ state: 'published' });
    expect(publishing.tiktok.posts[0]!.request).toMatchObject({ post_info: { title: 'Better' } });
    expect(await publishing.row(post.id)).toMatchObject({ content: expect.objectContaining({ caption: 'Better', privacy_level: 'PUBLIC_TO_EVERYONE' }) });
    expect(await publishing.timeline(post.id)).toContain('edited');
  });

  test('an edit while it is being checked has it checked again: what is sent is what was checked', async () => {
    let open = (): void => undefined;
    publishing.tiktok.twists.creatorInfo.push(async (act) => {
      await new Promise<void>((resolve) => (open = resolve));
      return act();
    });
    const { post, handle } = await publish();
    await eventually(() => publishing.tiktok.called.creatorInfo === 1);
    expect(await handle.executeUpdate(editUpdate, { args: [{ content: { privacy_level: 'MUTUAL_FOLLOW_FRIENDS' } }] })).toEqual({ ok: true });
    open();
    expect(await handle.result()).toMatchObject({ state: 'failed', reason: expect.stringContaining('MUTUAL_FOLLOW_FRIENDS') });
    expect(await publishing.row(post.id)).toMatchObject({ state_code: 'tiktok_privacy_mismatch' });
    expect(publishing.tiktok.called).toMatchObject({ init: 0, creatorInfo: 2 });
  });

  test('an edit comes too late once init was sent', async () => {
    let open = (): void => undefined;
    publishing.tiktok.twists.init.push(async (act) => {
      await new Promise<void>((resolve) => (open = resolve));
      return act();
    });
    const { post, handle } = await publish();
    await eventually(() => publishing.tiktok.called.init === 1);
    expect(await handle.executeUpdate(editUpdate, { args: [{ content: { caption: 'Late' } }] })).toMatchObject({ ok: false, code: 'post_not_editable' });
    open();
    await handle.result();
    expect((await publishing.row(post.id)).content.caption).toBe('A clip #test');
  });

  test('cancelled while it waits for its time, nothing is sent', async () => {
    const { post, handle } = await publish({ over: { publish_at: soon() } });
    expect(await Promise.all([handle.executeUpdate(cancelUpdate), handle.executeUpdate(cancelUpdate)])).toEqual([{ ok: true }, { ok: true }]);
    expect(await handle.result()).toMatchObject({ state: 'cancelled' });
    expect(await publishing.row(post.id)).toMatchObject({ state: 'cancelled' });
    expect(publishing.tiktok.called).toMatchObject({ init: 0, creatorInfo: 0 });
  });

  test('TikTok’s own limits are waited for, with the reason, and hold the account’s other posts', async () => {
    const account = await publishing.account();
    const limit = failureOf({ code: 'tiktok_rate_limited', reason: 'rate_limit_exceeded', tiktok_code: 'rate_limit_exceeded', definite: true, retry_after_ms: 6_000 });
    publishing.tiktok.twists.init.push(async () => limit);
    const first = await publish({ account });
    expect(await reaches(first.post, 'waiting_quota')).toMatchObject({ state_code: 'tiktok_rate_limited', state_reason: expect.stringContaining('rate_limit_exceeded'), init_count: 0 });
    const second = await publish({ account });
    await reaches(second.post, 'waiting_quota');
    expect(publishing.tiktok.called.init).toBe(1);
    expect(await Promise.all([first.handle.result(), second.handle.result()])).toMatchObject([{ state: 'published' }, { state: 'published' }]);
    expect(publishing.tiktok.posts).toHaveLength(2);
  });

  test('a post that waits for its turn can be cancelled, and gives its place away', async () => {
    const account = await publishing.account();
    const busy = await publishing.post({ account, over: { state: 'published' } });
    for (let turn = 0; turn < 6; turn++) {
      await database.db.insertInto('init_turns').values({ social_account_id: account, post_id: busy.id, turn_key: `${busy.id}:${turn}`, mode: 'direct', granted_at: new Date(Date.now() - 10_000) }).execute();
    }
    const waiting = await publish({ account });
    expect(await reaches(waiting.post, 'waiting_quota')).toMatchObject({ state_code: 'tiktok_rate_limited' });
    expect(await waiting.handle.executeUpdate(cancelUpdate)).toEqual({ ok: true });
    // The minute of those before is over.
    await database.db.updateTable('init_turns').set({ granted_at: new Date(Date.now() - 62_000) }).where('social_account_id', '=', account).where('granted_at', 'is not', null).execute();
    const next = await publish({ account });
    expect(await next.handle.result()).toMatchObject({ state: 'published' });
    expect(publishing.tiktok.posts).toHaveLength(1);
  });

  test.each([
    ['tiktok_user_banned', 'spam_risk_user_banned_from_posting'],
    ['tiktok_unaudited', 'unaudited_client_can_only_post_to_private_accounts'],
    ['tiktok_invalid_params', 'invalid_params'],
  ] as const)('a definite refusal of init ends it: %s', async (code, tiktok_code) => {
    publishing.tiktok.twists.init.push(async () => failureOf({ code, tiktok_code, reason: tiktok_code, definite: true, retryable: false }));
    const { post, handle } = await publish();
    await handle.result();
    expect(await publishing.row(post.id)).toMatchObject({ state: 'failed', state_code: code, state_reason: expect.stringContaining(tiktok_code) });
    expect(publishing.tiktok.called.init).toBe(1);
  });

  test('a file that vanished or changed is named before anything is sent', async () => {
    const gone = await publishing.post({});
    await publishing.media.delete(`${publishing.workspace_id}/${gone.media_id}`);
    await (await publishing.start(gone)).result();
    expect(await publishing.row(gone.id)).toMatchObject({ state: 'failed', state_code: 'media_missing' });

    const changed = await publishing.post({});
    const path = join(publishing.mediaFolder, publishing.workspace_id, changed.media_id!);
    await chmod(path, 0o600);
    await writeFile(path, Buffer.alloc(5_000));
    await (await publishing.start(changed)).result();
    expect(await publishing.row(changed.id)).toMatchObject({ state: 'failed', state_code: 'media_changed' });
    expect(publishing.tiktok.called.init).toBe(0);
  });
});

describe('An init whose answer was lost', () => {
  test('is dead where we would have uploaded: a new one makes the only post', async () => {
    publishing.tiktok.twists.init.push(lost, lost);
    const { post, handle } = await publish();
    expect(await handle.result()).toMatchObject({ state: 'published' });
    expect(publishing.tiktok.posts).toHaveLength(3);
    expect(publishing.tiktok.published()).toHaveLength(1);
    expect((await publishing.timeline(post.id)).filter((kind) => kind === 'init_lost' || kind === 'waiting_quota')).toEqual(['init_lost', 'waiting_quota', 'init_lost']);
  });

  test('is doubted where TikTok pulls: it is looked for, found by its caption, and never asked twice', async () => {
    publishing.tiktok.twists.init.push(lost);
    publishing.tiktok.videos = [videoOf({ id: '7400000000000000001', video_description: 'A clip #test', create_time: 1 })];
    const { post, handle } = await publish({ bytes: null });
    await reaches(post, 'unconfirmed');
    publishing.tiktok.videos = [videoOf({ video_description: 'A clip #test' }), ...publishing.tiktok.videos];
    expect(await handle.result()).toMatchObject({ state: 'published' });
    expect(await publishing.row(post.id)).toMatchObject({ tiktok_post_ids: [POST_ID], permalink: expect.stringContaining(POST_ID) });
    expect(publishing.tiktok.called.init).toBe(1);
  });

  test('and that is never found ends as unconfirmed, with what to do', async () => {
    publishing.tiktok.twists.init.push(lost);
    const { post, handle } = await publish({ bytes: null }, { reconcile_give_up_ms: 300 });
    await handle.result();
    expect(await publishing.row(post.id)).toMatchObject({ state: 'failed', state_code: 'post_unconfirmed', state_reason: expect.stringContaining('look at the account') });
    expect(publishing.tiktok.called.init).toBe(1);
  });
});

describe('An upload', () => {
  test('goes on with the chunk it was at when the connection breaks', async () => {
    publishing.tiktok.twists.uploadChunk.push(async (act) => act(), async () => noAnswer, async (act) => act());
    const { post, handle } = await publish({ bytes: 150 * MIB });
    expect(await handle.result()).toMatchObject({ state: 'published' });
    expect(publishing.tiktok.posts[0]).toMatchObject({ chunks: 3 });
    expect(publishing.tiktok.called.uploadChunk).toBe(4);
    expect(await publishing.timeline(post.id)).toContain('upload_resumed');
  });

  test('does not send again what TikTok has: a chunk whose answer was lost is answered with 416', async () => {
    publishing.tiktok.twists.uploadChunk.push(lost as never);
    const { handle } = await publish({ bytes: 150 * MIB });
    expect(await handle.result()).toMatchObject({ state: 'published' });
    expect(publishing.tiktok.posts).toHaveLength(1);
    expect(publishing.tiktok.posts[0]).toMatchObject({ chunks: 3, uploaded: 150 * MIB });
  });

  test('goes back where TikTok has less than we thought', async () => {
    publishing.tiktok.twists.uploadChunk.push(async () => ({ ok: true, value: { kind: 'stored' } }));
    const { handle } = await publish({ bytes: 150 * MIB });
    expect(await handle.result()).toMatchObject({ state: 'published' });
    expect(publishing.tiktok.posts[0]).toMatchObject({ chunks: 3 });
  });

  test('that has expired is begun anew, by an init of its own', async () => {
    publishing.tiktok.twists.uploadChunk.push(async (act) => act(), async () => ({ ok: true, value: { kind: 'dead', reason: 'expired (HTTP 403).' } }));
    const { post, handle } = await publish({ bytes: 150 * MIB });
    expect(await handle.result()).toMatchObject({ state: 'published' });
    expect(publishing.tiktok.posts).toHaveLength(2);
    expect(publishing.tiktok.published()).toHaveLength(1);
    expect(await publishing.timeline(post.id)).toContain('init_lost');
    expect(await publishing.row(post.id)).toMatchObject({ bytes_uploaded: 150 * MIB });
  });

  test('whose last chunk arrived, though TikTok now says it knows no such upload, is not begun anew', async () => {
    publishing.tiktok.statuses = [{ status: 'PROCESSING_UPLOAD', uploaded_bytes: 10_000 }, { status: 'PUBLISH_COMPLETE', post_ids: [POST_ID] }];
    publishing.tiktok.twists.uploadChunk.push(lost as never, async () => ({ ok: true, value: { kind: 'dead', reason: 'HTTP 404.' } }));
    const { handle } = await publish();
    expect(await handle.result()).toMatchObject({ state: 'published' });
    expect(publishing.tiktok.posts).toHaveLength(1);
  });

  test('that is dead before its only chunk arrived is begun anew, once TikTok’s silence has lasted', async () => {
    publishing.tiktok.twists.uploadChunk.push(async () => ({ ok: true, value: { kind: 'dead', reason: 'expired (HTTP 403).' } }));
    const { handle } = await publish();
    expect(await handle.result()).toMatchObject({ state: 'published' });
    expect(publishing.tiktok.posts).toHaveLength(2);
    expect(publishing.tiktok.published()).toHaveLength(1);
  });

  test('stops where its file vanishes, and nothing becomes of it', async () => {
    const { post, handle } = await publish({ bytes: 150 * MIB, over: { publish_at: soon(400) } });
    publishing.tiktok.twists.uploadChunk.push(async (act) => {
      await rm(join(publishing.mediaFolder, publishing.workspace_id, post.media_id!), { force: true });
      return act();
    });
    await handle.result();
    expect(await publishing.row(post.id)).toMatchObject({ state: 'failed', state_code: 'media_missing', upload_url: null });
    expect(publishing.tiktok.published()).toHaveLength(0);
  });

  test('that is cancelled stops at once: TikTok never has the whole file', async () => {
    publishing.tiktok.twists.uploadChunk.push(() => new Promise(() => undefined));
    const { post, handle } = await publish({ bytes: 150 * MIB });
    await eventually(() => publishing.tiktok.called.uploadChunk === 1);
    expect(await handle.executeUpdate(cancelUpdate)).toEqual({ ok: true });
    expect(await handle.result()).toMatchObject({ state: 'cancelled' });
    expect(publishing.tiktok.posts[0]!.uploaded).toBeLessThan(150 * MIB);
    expect(publishing.tiktok.posts[0]!.cancelled).toBe(true);
    expect(await publishing.row(post.id)).toMatchObject({ state: 'cancelled', upload_url: null });
  });
});

describe('What TikTok works on', () => {
  test('is cancelled where TikTok still can', async () => {
    publishing.tiktok.statuses = [{ status: 'PROCESSING_UPLOAD' }, { status: 'PROCESSING_UPLOAD' }];
    const { post, handle } = await publish({}, { poll_initial_ms: 60_000, poll_max_ms: 60_000, processing_max_ms: 600_000 });
    await reaches(post, 'processing');
    expect(await handle.executeUpdate(cancelUpdate)).toEqual({ ok: true });
    expect(await handle.result()).toMatchObject({ state: 'cancelled' });
    expect(await publishing.row(post.id)).toMatchObject({ state: 'cancelled' });
  });

  test('goes on where TikTok says that it is too late to cancel, and says why', async () => {
    publishing.tiktok.statuses = [{ status: 'PROCESSING_UPLOAD' }];
    publishing.tiktok.twists.cancel.push(async () =>
      failureOf({ code: 'tiktok_not_cancellable', reason: 'publish_not_cancellable', tiktok_code: 'publish_not_cancellable', definite: true, retryable: false }),
    );
    const { post, handle } = await publish({}, { processing_max_ms: 60_000 });
    await reaches(post, 'processing');
    expect(await handle.executeUpdate(cancelUpdate)).toMatchObject({ ok: false, code: 'post_not_cancellable', reason: expect.stringContaining('publish_not_cancellable') });
    publishing.tiktok.posts[0]!.statuses = [{ status: 'PUBLISH_COMPLETE', post_ids: [POST_ID] }];
    expect(await handle.result()).toMatchObject({ state: 'published' });
  });

  test('is asked about at once when a webhook says so', async () => {
    publishing.tiktok.statuses = [{ status: 'PROCESSING_UPLOAD' }];
    const { post, handle } = await publish({}, { poll_initial_ms: 120_000, poll_max_ms: 120_000, processing_max_ms: 600_000 });
    await reaches(post, 'processing');
    await eventually(() => publishing.tiktok.called.status > 0);
    publishing.tiktok.posts[0]!.statuses = [{ status: 'PUBLISH_COMPLETE', post_ids: [POST_ID] }];
    await handle.signal(webhookSignal, 'post.publish.complete');
    expect(await handle.result()).toMatchObject({ state: 'published' });
  });

  test('for longer than it should is unconfirmed, and found when TikTok tells at last', async () => {
    publishing.tiktok.statuses = [{ status: 'PROCESSING_UPLOAD' }];
    const { post, handle } = await publish({}, { processing_max_ms: 200, reconcile_give_up_ms: 60_000 });
    await reaches(post, 'unconfirmed');
    expect(await handle.query(publishQuery)).toMatchObject({ state: 'unconfirmed', step: 'reconcile' });
    publishing.tiktok.posts[0]!.statuses = [{ status: 'PUBLISH_COMPLETE', post_ids: [POST_ID] }];
    expect(await handle.result()).toMatchObject({ state: 'published' });
    expect(await publishing.row(post.id)).toMatchObject({ state_code: null, state_reason: null });
  });

  test('is known to TikTok a little after init only: the first “invalid_publish_id” means nothing', async () => {
    const unknown = failureOf({ code: 'tiktok_invalid_publish_id', reason: 'invalid_publish_id', tiktok_code: 'invalid_publish_id', definite: true, retryable: false });
    publishing.tiktok.twists.status.push(async () => unknown, async () => unknown);
    const { handle } = await publish();
    expect(await handle.result()).toMatchObject({ state: 'published' });
  });

  test('while TikTok is away is asked about again and again', async () => {
    publishing.tiktok.twists.status.push(async () => noAnswer, async () => failureOf({ code: 'tiktok_rate_limited', reason: 'rate_limit_exceeded', definite: true }), async () => noAnswer);
    const { handle } = await publish();
    expect(await handle.result()).toMatchObject({ state: 'published' });
  });
});

describe('A long life', () => {
  test('continues as new and knows what it knew', async () => {
    publishing.tiktok.statuses = [{ status: 'PROCESSING_UPLOAD' }];
    const { post, handle } = await publish({ bytes: 150 * MIB }, { max_history: 20, processing_max_ms: 60_000, poll_max_ms: 20 });
    await eventually(() => publishing.tiktok.called.status > 10);
    publishing.tiktok.posts[0]!.statuses = [{ status: 'PUBLISH_COMPLETE', post_ids: [POST_ID] }];
    expect(await handle.result()).toMatchObject({ state: 'published' });
    expect(publishing.tiktok.posts).toHaveLength(1);
    expect(publishing.tiktok.posts[0]).toMatchObject({ chunks: 3 });
    // What the list shows comes a little later.
    const runs = new Set<string>();
    await eventually(async () => {
      for await (const { runId } of temporal.client.workflow.list({ query: `WorkflowId = '${publishWorkflowId(post.id)}'` })) runs.add(runId);
      return runs.size > 1;
    });
  });

  test('whose workflow was lost is taken up by the sweep where its row stands', async () => {
    publishing.tiktok.statuses = [{ status: 'PROCESSING_UPLOAD' }];
    const { post, handle } = await publish({}, { processing_max_ms: 60_000 });
    await reaches(post, 'processing');
    await handle.terminate();
    publishing.tiktok.posts[0]!.statuses = [{ status: 'PUBLISH_COMPLETE', post_ids: [POST_ID] }];
    publishing.tiktok.statuses = [{ status: 'PUBLISH_COMPLETE', post_ids: ['7412345678901234568'] }];
    const waiting = await publishing.post();
    running.add(publishWorkflowId(waiting.id));
    await eventually(async () => {
      // The last poll of the lost workflow may still be under way, and writes.
      await database.db.updateTable('posts').set({ updated_at: new Date(Date.now() - 3_600_000) }).where('id', 'in', [post.id, waiting.id]).execute();
      await temporal.client.workflow.execute('sweepPosts', { taskQueue: publishing.queue, workflowId: `sweep:${post.id}` });
      return (await publishing.row(post.id)).state === 'published';
    });
    expect(await publishing.row(post.id)).toMatchObject({ tiktok_post_ids: [POST_ID] });
    await reaches(waiting, 'published');
    expect(publishing.tiktok.posts).toHaveLength(2);
  });
});
