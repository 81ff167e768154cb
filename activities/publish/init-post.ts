import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Db } from '../../db/client.ts';
import { claimInit, releaseInit, storeInit, UNSENT_STATES, type StoredInit, type WorkingPost } from '../../db/post-progress.repository.ts';
import type { SecretBox } from '../../db/secret-box.ts';
import type { ChunkPlan, InitAnswer, OpenApiResult } from '../../domain/contracts/open-api.ts';
import type { InitOutcome } from '../../domain/contracts/post.ts';
import { chunkAt, planChunks } from '../../domain/publishing/chunk-plan.ts';
import { toInitRequest, type InitSource } from '../../domain/publishing/init-request.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import type { AccountCalls } from '../accounts/account-calls.ts';
import { heartbeating } from '../actions/heartbeating.ts';
import { afterRefusal } from './limits.ts';
import { waitInRow } from './post-rows.ts';
import { fileOf } from './stored-file.ts';
import { gone, loadPost, refreshNote, scopeOf, type PublishRef } from './working-post.ts';

export interface InitPostDeps {
  db: Db;
  secrets: Pick<SecretBox, 'seal'>;
  tiktok: Pick<OpenApiClient, 'init'>;
  calls: AccountCalls;
  logger: Pick<Logger, 'warn'>;
}

/** An answer of TikTok's is too dear to be lost to a database that is away for a moment. */
const STORE_TRIES = 8;
const STORE_PAUSE_MS = 500;

const LOST = 'TikTok’s answer to the init was lost, and with it the only way to upload: no post can come of it.';
const DOUBTFUL = 'TikTok’s answer to the init was lost, and it may be fetching the media: it is looked for, and not asked a second time.';

export function createInitPost({ db, secrets, tiktok, calls, logger }: InitPostDeps) {
  return {
    /**
     * Calls TikTok's init, which has no idempotency key: the row says that it is sent before it is, so that whoever comes after a
     * crash knows. Then nobody has the upload URL, and a file can't become a post; what TikTok pulls by itself can.
     */
    async initPost(ref: PublishRef): Promise<InitOutcome> {
      return heartbeating(async () => {
        const post = await loadPost(db, ref);
        const claimed = await claimInit(db, ref);
        if (!claimed) return whatStands(ref, await loadPost(db, ref));
        const plan = post.source === 'file' ? planChunks(fileOf(post).size) : null;
        const sent = { ...post, content: claimed.content, init_count: claimed.init_count };
        const { called, result } = await callInit(ref, sent, plan);
        if (result.ok) return store(ref, sent, plan, result.value);
        if (called && !result.definite) return lost(ref, sent, result.reason);
        await releaseInit(db, ref, sent.init_count, null);
        return afterRefusal(db, ref, post.mode, result);
      });
    },
  };

  /** An attempt before this one has sent it. */
  async function whatStands(ref: PublishRef, post: WorkingPost): Promise<InitOutcome> {
    if (post.init_sent_at === null || (post.publish_id === null && !UNSENT_STATES.includes(post.state))) throw gone(ref);
    if (post.publish_id === null) return lost(ref, post, 'The worker ended before the answer came.');
    const plan = { video_size: post.bytes_total ?? 0, chunk_size: post.chunk_size ?? 1, total_chunk_count: post.chunk_count ?? 0 };
    return { kind: 'initialised', chunk_count: plan.total_chunk_count, first_chunk: chunkAt(plan, post.bytes_uploaded) };
  }

  async function lost(ref: PublishRef, post: WorkingPost, why: string): Promise<InitOutcome> {
    if (post.source !== 'file') return { kind: 'doubtful', reason: `${DOUBTFUL} ${why}` };
    const reason = `${LOST} ${why}`;
    const released = await releaseInit(db, ref, post.init_count, { reason });
    // The attempt that was taken for dead has stored its answer after all.
    if (!released) return whatStands(ref, await loadPost(db, ref));
    await waitInRow(db, ref, 'tiktok_unreachable', reason);
    return { kind: 'lost', reason };
  }

  async function callInit(ref: PublishRef, post: WorkingPost, plan: ChunkPlan | null): Promise<{ called: boolean; result: OpenApiResult<InitAnswer> }> {
    const request = toInitRequest({ mode: post.mode, content: post.content, source: sourceOf(post, plan), creator: null });
    let called = false;
    // Not ended by a worker that shuts down: the answer is waited for, as long as the client's own timeout.
    const result = await calls.withToken(ref.social_account_id, { scope: scopeOf(post.mode), onRefreshed: refreshNote(db, ref) }, (token) => {
      called = true;
      return tiktok.init(token, request);
    });
    return { called, result };
  }

  async function store(ref: PublishRef, post: WorkingPost, plan: ChunkPlan | null, { publish_id, upload_url }: InitAnswer): Promise<InitOutcome> {
    if (plan && upload_url === null) return lost(ref, post, 'TikTok named no upload URL.');
    const answer = { publish_id, upload_url: plan && secrets.seal(upload_url!), plan };
    const stored = await storePatiently(ref, post.init_count, answer);
    if (!stored) return whatStands(ref, await loadPost(db, ref));
    return { kind: 'initialised', chunk_count: plan?.total_chunk_count ?? 0, first_chunk: 0 };
  }

  async function storePatiently(ref: PublishRef, initCount: number, answer: StoredInit): Promise<boolean> {
    for (let tried = 1; ; tried++) {
      try {
        return (await storeInit(db, ref, initCount, answer)) !== undefined;
      } catch (error) {
        if (tried === STORE_TRIES) throw error;
        logger.warn({ err: error, post_id: ref.post_id }, 'the answer to an init could not be stored; trying again');
        await delay(STORE_PAUSE_MS * tried);
      }
    }
  }
}

function sourceOf(post: WorkingPost, plan: ChunkPlan | null): InitSource {
  if (post.kind === 'photo') return { kind: 'photo', from: 'url', urls: post.photo_urls ?? [] };
  return plan ? { kind: 'video', from: 'file', plan } : { kind: 'video', from: 'url', url: post.video_url ?? '' };
}
