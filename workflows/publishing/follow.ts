import { ERRORS } from '../../domain/errors.ts';
import type { StatusOutcome } from '../../domain/contracts/post.ts';
import { refusal, type NextStep, type PostLife } from './post-life.ts';

/** How long after init TikTok may still say that it does not know the publish_id. */
const UNKNOWN_AT_FIRST_MS = 60_000;
/** After TikTok agreed to cancel, the status follows at once or soon. */
const LOOKS_AFTER_CANCEL = 5;
const LOOK_AFTER_CANCEL_MS = 500;

/** The steps from TikTok having it until it is known what became of it. */
export function followingSteps(life: PostLife) {
  const { activities, ref, timings, now } = life;

  return { poll, reconcile, watch_ids: watchIds };

  async function poll(): Promise<NextStep> {
    if (now.state !== 'in_inbox') life.show('processing', null);
    for (;;) {
      await life.rest();
      const outcome = await activities.pollStatus(ref);
      const next = await settle(outcome);
      if (next !== undefined) return next;
      const cancelled = life.cancelAsked ? await cancelAtTikTok() : undefined;
      if (cancelled !== undefined) return cancelled;
      if (isInInbox()) {
        if (life.elapsedMs > timings.inbox_watch_ms) return null;
        await life.pause(life.backoff(timings.poll_max_ms, timings.reconcile_max_ms));
        continue;
      }
      const patience = outcome.kind === 'unknown' ? Math.min(UNKNOWN_AT_FIRST_MS, timings.processing_max_ms) : timings.processing_max_ms;
      if (life.elapsedMs > patience) return doubt('reason' in outcome ? outcome.reason : ERRORS.post_unconfirmed.message);
      await life.pause(life.backoff(timings.poll_initial_ms, timings.poll_max_ms));
    }
  }

  function isInInbox(): boolean {
    return now.state === 'in_inbox';
  }

  async function doubt(reason: string): Promise<NextStep> {
    await activities.setPostState(ref, { state: 'unconfirmed', code: 'post_unconfirmed', reason });
    return 'reconcile';
  }

  /** Nobody can say yet: the status, then the account's own list of videos, for hours. */
  async function reconcile(): Promise<NextStep> {
    life.show('unconfirmed', now.reason);
    for (;;) {
      await life.rest();
      const next = await settle(await activities.pollStatus(ref));
      if (next !== undefined) return next;
      const found = await activities.findVideo(ref);
      if (found.kind === 'published') {
        published();
        return null;
      }
      life.show('unconfirmed', found.reason);
      const cancelled = life.cancelAsked ? await cancelAtTikTok() : undefined;
      if (cancelled !== undefined) return cancelled;
      if (life.elapsedMs > timings.reconcile_give_up_ms) {
        return life.end('failed', { code: 'post_unconfirmed', reason: `${ERRORS.post_unconfirmed.message} ${found.reason}` });
      }
      await life.pause(life.backoff(timings.reconcile_initial_ms, timings.reconcile_max_ms));
    }
  }

  /** @returns undefined: nothing is certain yet */
  async function settle(outcome: StatusOutcome): Promise<NextStep | undefined> {
    switch (outcome.kind) {
      case 'published':
        published();
        return outcome.ids_known ? null : 'watch_ids';
      case 'in_inbox':
        if (!isInInbox()) life.show('in_inbox', null);
        life.answerCancel(refusal('post_not_cancellable', 'The draft is in the TikTok inbox: discard it there.'));
        return now.step === 'poll' ? undefined : 'poll';
      case 'failed':
        if (now.cancel_sent) return life.end('cancelled', null);
        return outcome.again ? life.initDied(outcome.fault) : life.end('failed', outcome.fault);
      default:
        return undefined;
    }
  }

  function published(): void {
    life.show('published', null);
    life.answerCancel(refusal('post_not_cancellable', 'It is published already.'));
  }

  /** TikTok decides: until it says that the post is cancelled, it may still be published. */
  async function cancelAtTikTok(): Promise<NextStep | undefined> {
    const outcome = await activities.cancelAtTikTok(ref);
    if (outcome.kind === 'too_late') {
      life.answerCancel(refusal('post_not_cancellable', outcome.reason));
      return undefined;
    }
    now.cancel_sent = true;
    if (outcome.kind === 'unanswered') {
      life.answerCancel(refusal('unavailable', outcome.reason));
      return undefined;
    }
    for (let look = 0; look < LOOKS_AFTER_CANCEL; look++) {
      const next = await settle(await activities.pollStatus(ref));
      if (next !== undefined) return next;
      await life.pause(LOOK_AFTER_CANCEL_MS);
    }
    life.answerCancel({ ok: true });
    return undefined;
  }

  /** It is published; where it can be seen, TikTok says when its moderation is through. */
  async function watchIds(): Promise<NextStep> {
    for (;;) {
      await life.rest();
      const outcome = await activities.pollStatus(ref);
      if ((outcome.kind === 'published' && outcome.ids_known) || life.elapsedMs > timings.ids_watch_ms) return null;
      await life.pause(life.backoff(timings.reconcile_initial_ms, timings.reconcile_max_ms));
    }
  }
}
