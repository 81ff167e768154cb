import { ActivityFailure, CancellationScope } from '@temporalio/workflow';
import { ERRORS } from '../../domain/errors.ts';
import { isGone } from './gone.ts';
import type { NextStep, PostLife } from './post-life.ts';

/** Chunks sent, those sent again included, as a multiple of those there are: going back and forth has an end. */
const ROUNDS = 3;
const FEW = 10;

/** The steps until TikTok has all of it. */
export function sendingSteps(life: PostLife) {
  const { activities, ref, timings, now } = life;

  return { wait, init, upload };

  /** Until its time has come, which an edit may move. */
  async function wait(): Promise<NextStep> {
    while (!life.cancelAsked) {
      const left = (life.publishAtMs ?? 0) - Date.now();
      if (left <= 0) return 'init';
      life.show('scheduled', null);
      await life.rest();
      await life.pause(left);
    }
    return life.end('cancelled', null);
  }

  /** Turn, check, init; each of them may ask to wait, and an edit has it checked again. */
  async function init(): Promise<NextStep> {
    for (;;) {
      await life.rest();
      if (life.cancelAsked) return life.end('cancelled', null);
      if ((life.publishAtMs ?? 0) > Date.now()) return backToWaiting();
      const quota = await activities.takeInitTurn(ref, now.turns);
      if (quota.kind === 'refused') return life.end('failed', quota.fault);
      if (quota.kind === 'wait') {
        await waitForTurn(quota, false);
        continue;
      }
      const seen = life.edits;
      life.show('preparing', null);
      const prepared = await activities.preparePost(ref);
      await life.editsDone();
      if (life.cancelAsked || life.edits !== seen) continue;
      if (prepared.kind === 'refused') return life.end('failed', prepared.fault);
      if (prepared.kind === 'wait') {
        await waitForTurn(prepared, true);
        continue;
      }
      const next = await callInit();
      if (next !== undefined) return next;
    }
  }

  async function backToWaiting(): Promise<NextStep> {
    await activities.setPostState(ref, { state: 'scheduled', code: null, reason: null });
    now.turns += 1;
    return 'wait';
  }

  async function waitForTurn({ wait_ms, reason }: { wait_ms: number; reason: string }, newTurn: boolean): Promise<void> {
    if (newTurn) now.turns += 1;
    life.show('waiting_quota', reason);
    await life.pause(wait_ms);
  }

  /** @returns undefined: to be tried again, in a turn of its own */
  async function callInit(): Promise<NextStep | undefined> {
    life.initSent = true;
    const outcome = await activities.initPost(ref);
    switch (outcome.kind) {
      case 'initialised':
        Object.assign(now, { chunk_count: outcome.chunk_count, next_chunk: outcome.first_chunk, chunks_sent: 0 });
        return outcome.chunk_count > 0 ? 'upload' : 'poll';
      case 'doubtful':
        return doubt(outcome.reason);
      case 'refused':
        return life.end('failed', outcome.fault);
      case 'wait':
        life.initSent = false;
        await waitForTurn(outcome, true);
        return undefined;
      case 'lost':
        life.initSent = false;
        now.lost_inits += 1;
        if (now.lost_inits >= timings.max_lost_inits) {
          return life.end('failed', { code: 'tiktok_unreachable', reason: `${outcome.reason} That happened ${now.lost_inits} times; nothing was posted. Try again later.` });
        }
        await waitForTurn({ wait_ms: Math.min(timings.retry_initial_ms * 2 ** Math.min(now.lost_inits - 1, 20), timings.retry_max_ms), reason: outcome.reason }, true);
        return undefined;
    }
  }

  async function doubt(reason: string): Promise<NextStep> {
    await activities.setPostState(ref, { state: 'unconfirmed', code: 'post_unconfirmed', reason });
    return 'reconcile';
  }

  /** Chunk by chunk, each an activity of its own. */
  async function upload(): Promise<NextStep> {
    life.show('uploading', null);
    const most = now.chunk_count * ROUNDS + FEW;
    while (now.next_chunk < now.chunk_count) {
      await life.rest();
      if (life.cancelAsked) return stop();
      now.chunks_sent += 1;
      if (now.chunks_sent > most) return life.initDied({ code: 'upload_dead', reason: 'TikTok and we could not agree on how far the upload is.' });
      const next = await sendChunk();
      if (next !== undefined) return next;
    }
    return 'poll';
  }

  async function sendChunk(): Promise<NextStep | undefined> {
    const isLast = now.next_chunk === now.chunk_count - 1;
    const scope = new CancellationScope();
    // With the last chunk TikTok may have the whole file: it is not cut off, so that it is known what TikTok has.
    life.interrupt = isLast ? null : () => scope.cancel();
    try {
      const outcome = await scope.run(() => activities.uploadChunk(ref, { index: now.next_chunk, doubt_ms: timings.upload_doubt_ms }));
      if (outcome.kind === 'stored') now.next_chunk = outcome.next_chunk;
      else if (outcome.kind === 'complete') return 'poll';
      else if (outcome.kind === 'refused') return await life.end('failed', outcome.fault);
      else return await life.initDied({ code: 'upload_dead', reason: outcome.reason });
      return undefined;
    } catch (error) {
      if (!(error instanceof ActivityFailure) || isGone(error)) throw error;
      if (life.cancelAsked && !isLast) return undefined;
      // The hour of the upload URL is over. Of a file that may be whole, only the status can tell.
      return isLast ? 'poll' : await life.initDied({ code: 'upload_dead', reason: ERRORS.upload_dead.message });
    } finally {
      life.interrupt = null;
    }
  }

  /** TikTok does not have the whole file, and never will: nothing can become of it, whatever it says to the cancellation. */
  async function stop(): Promise<NextStep> {
    await activities.cancelAtTikTok(ref);
    return life.end('cancelled', null);
  }
}
