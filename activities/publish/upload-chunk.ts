import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Db } from '../../db/client.ts';
import { addProgress, changePost, notePost, type TimelineNote, type WorkingPost } from '../../db/post-progress.repository.ts';
import type { SecretBox } from '../../db/secret-box.ts';
import type { ChunkAnswer, ChunkPlan, OpenApiResult, PublishStatus } from '../../domain/contracts/open-api.ts';
import { FINAL_POST_STATES, type ChunkOutcome } from '../../domain/contracts/post.ts';
import { AppError, ERRORS } from '../../domain/errors.ts';
import { chunkAt, chunkRange } from '../../domain/publishing/chunk-plan.ts';
import type { MediaStorage } from '../../media/storage.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import type { AccountCalls } from '../accounts/account-calls.ts';
import { heartbeating } from '../actions/heartbeating.ts';
import { fileFault, fileOf } from './stored-file.ts';
import { gone, loadPost, scopeOf, type PublishRef } from './working-post.ts';

export interface UploadChunkDeps {
  db: Db;
  secrets: Pick<SecretBox, 'open'>;
  tiktok: Pick<OpenApiClient, 'uploadChunk' | 'status'>;
  calls: AccountCalls;
  media: MediaStorage;
}

export interface ChunkInput {
  index: number;
  /** How long the status is watched where TikTok takes no more of an upload that may be whole. */
  doubt_ms: number;
}

/** How often the row and those who watch it are told how far it is. */
const PROGRESS_MS = 1_000;
const DOUBT_LOOK_MS = 5_000;

/** A post of which a chunk is to be sent. */
interface Upload {
  ref: PublishRef;
  post: WorkingPost;
  publish_id: string;
  plan: ChunkPlan;
  index: number;
  isLast: boolean;
  doubt_ms: number;
}

export function createUploadChunk({ db, secrets, tiktok, calls, media }: UploadChunkDeps) {
  return {
    /**
     * Sends one chunk, streamed from storage. What TikTok has is what TikTok says: a chunk that it has already is not sent again.
     * @throws where the connection broke or TikTok failed: the same chunk is then sent again by the next attempt
     */
    async uploadChunk(ref: PublishRef, { index, doubt_ms }: ChunkInput): Promise<ChunkOutcome> {
      return heartbeating(async () => {
        const post = await loadPost(db, ref);
        if (FINAL_POST_STATES.includes(post.state)) throw gone(ref);
        if (post.state === 'processing') return { kind: 'complete' };
        if (post.publish_id === null || post.upload_url === null || post.chunk_size === null || post.chunk_count === null) {
          return { kind: 'dead', reason: 'The upload was given up.' };
        }
        const plan = { video_size: fileOf(post).size, chunk_size: post.chunk_size, total_chunk_count: post.chunk_count };
        const upload = { ref, post, publish_id: post.publish_id, plan, index, isLast: index === plan.total_chunk_count - 1, doubt_ms };
        const fault = await fileFault(media, post);
        if (fault) return { kind: 'refused', fault };
        await noteBegin(upload);
        const result = await send(upload, secrets.open(post.upload_url));
        return result.ok ? after(upload, result.value) : afterFailure(upload, result);
      });
    },
  };

  async function noteBegin({ ref, publish_id, plan, index }: Upload): Promise<void> {
    const { attempt } = Context.current().info;
    const part = `part ${index + 1} of ${plan.total_chunk_count}`;
    if (attempt > 1) await notePost(db, ref, { kind: 'upload_resumed', detail: `Goes on with ${part}.`, key: `resumed:${publish_id}:${index}:${attempt}` });
    else if (index === 0) await notePost(db, ref, { kind: 'upload_started', detail: `${plan.video_size} bytes`, key: `upload:${publish_id}` });
  }

  async function send({ ref, post, publish_id, plan, index }: Upload, upload_url: string): Promise<OpenApiResult<ChunkAnswer>> {
    const { first, last } = chunkRange(plan, index);
    const { key, content_type } = fileOf(post);
    const { cancellationSignal } = Context.current();
    let sent = 0;
    const told = every(PROGRESS_MS, () => addProgress(db, ref, publish_id, first + sent));
    try {
      const body = await media.read(key, first, last);
      const onSent = (bytes: number): void => void (sent += bytes);
      return await tiktok.uploadChunk({ upload_url, content_type, first, last, total: plan.video_size, body, onSent }, cancellationSignal);
    } catch (error) {
      cancellationSignal.throwIfAborted();
      // Whether the file is gone or another one is seen by the next attempt, at its first look.
      throw error instanceof AppError ? ApplicationFailure.create({ message: error.message, type: error.code, cause: error }) : error;
    } finally {
      await told.stop();
    }
  }

  async function after(upload: Upload, answer: ChunkAnswer): Promise<ChunkOutcome> {
    switch (answer.kind) {
      case 'complete':
        return complete(upload);
      case 'stored':
        return stored(upload, upload.index + 1);
      case 'mismatch':
        return goOnAt(upload, answer.uploaded_bytes);
      case 'dead':
        return upload.isLast ? maybeDead(upload, answer.reason) : { kind: 'dead', reason: answer.reason };
    }
  }

  /** 416: TikTok is at another place than we thought. */
  async function goOnAt(upload: Upload, told: number | null): Promise<ChunkOutcome> {
    const uploaded = told ?? (await statusOf(upload))?.uploaded_bytes ?? null;
    if (uploaded !== null) return stored(upload, chunkAt(upload.plan, uploaded));
    const reason = 'TikTok is at another place of the upload and does not say at which.';
    return upload.isLast ? maybeDead(upload, reason) : { kind: 'dead', reason };
  }

  async function stored(upload: Upload, next: number): Promise<ChunkOutcome> {
    const { ref, publish_id, plan } = upload;
    if (next >= plan.total_chunk_count) return complete(upload);
    const bytes = chunkRange(plan, next).first;
    await addProgress(db, ref, publish_id, bytes, chunkNote(publish_id, plan, next));
    return { kind: 'stored', next_chunk: next };
  }

  async function complete({ ref, publish_id, plan }: Upload): Promise<ChunkOutcome> {
    await changePost(db, ref, {
      from: ['uploading'],
      set: { state: 'processing', bytes_uploaded: plan.video_size, upload_url: null },
      note: { kind: 'uploaded', detail: `${plan.video_size} bytes; TikTok works on it`, key: `uploaded:${publish_id}` },
    });
    return { kind: 'complete' };
  }

  /**
   * An upload that has all bytes is gone for TikTok, as is one that has expired, and the answer to an earlier attempt at the last
   * chunk may have been lost: only the status tells them apart, and until it does nothing is sent anew.
   */
  async function maybeDead(upload: Upload, reason: string): Promise<ChunkOutcome> {
    const deadline = Date.now() + upload.doubt_ms;
    for (;;) {
      const status = await statusOf(upload);
      if (status && isWhole(status, upload.plan)) return complete(upload);
      if (status?.status === 'FAILED' || (status?.uploaded_bytes ?? 0) > 0) return { kind: 'dead', reason };
      if (Date.now() >= deadline) return status ? { kind: 'dead', reason } : complete(upload);
      await delay(Math.min(DOUBT_LOOK_MS, Math.max(1, deadline - Date.now())), undefined, { signal: Context.current().cancellationSignal });
    }
  }

  async function statusOf({ ref, post, publish_id }: Upload): Promise<PublishStatus | null> {
    const signal = Context.current().cancellationSignal;
    const result = await calls.withToken(ref.social_account_id, { scope: scopeOf(post.mode), signal }, (token) => tiktok.status(token, publish_id, signal));
    return result.ok ? result.value : null;
  }

  async function afterFailure({ isLast }: Upload, failure: Extract<OpenApiResult<never>, { ok: false }>): Promise<ChunkOutcome> {
    const reason = `${ERRORS[failure.code].message} ${failure.reason}`;
    if (failure.retryable) throw ApplicationFailure.create({ message: reason, type: failure.code, ...(failure.retry_after_ms ? { nextRetryDelay: failure.retry_after_ms } : {}) });
    // TikTok refuses the chunk itself; of the last one an earlier attempt may have arrived.
    return isLast && Context.current().info.attempt > 1 ? { kind: 'complete' } : { kind: 'refused', fault: { code: failure.code, reason } };
  }
}

/** PROCESSING_UPLOAD stands for both "bytes are missing" and "TikTok works on it". */
const isWhole = ({ status, uploaded_bytes }: PublishStatus, { video_size }: ChunkPlan): boolean =>
  status === 'PUBLISH_COMPLETE' || status === 'SEND_TO_USER_INBOX' || (status !== 'FAILED' && uploaded_bytes !== null && uploaded_bytes >= video_size - 1);

const chunkNote = (publishId: string, plan: ChunkPlan, next: number): TimelineNote => ({
  kind: 'chunk',
  detail: `${next} of ${plan.total_chunk_count} parts`,
  key: `chunk:${publishId}:${next}`,
});

/** Calls again and again, one call at a time; a failed one is no reason to stop. `stop` resolves when none is under way. */
function every(ms: number, call: () => Promise<unknown>): { stop(): Promise<void> } {
  let running: Promise<unknown> | null = null;
  const timer = setInterval(() => {
    running ??= call()
      .catch(() => undefined)
      .finally(() => (running = null));
  }, ms);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
