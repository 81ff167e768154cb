import { allHandlersFinished, condition, log, setHandler } from '@temporalio/workflow';
import type { PostState, PublishVideoInput } from '../domain/contracts/post.ts';
import { cancelUpdate, editUpdate, publishQuery, webhookSignal } from './publish-video.messages.ts';
import { followingSteps } from './publishing/follow.ts';
import { isGone } from './publishing/gone.ts';
import { PostLife, refusal, type NextStep } from './publishing/post-life.ts';
import { sendingSteps } from './publishing/send.ts';

export interface PublishResult {
  state: PostState;
  reason: string | null;
}

/**
 * Brings one post to TikTok, exactly once: waits for its time and for its turn, checks it, calls init, uploads chunk by chunk,
 * and asks until it knows what became of it. The row is what it works on; this holds the order of steps.
 */
export async function publishVideo(input: PublishVideoInput): Promise<PublishResult> {
  const life = new PostLife(input);
  setHandler(publishQuery, () => ({ state: life.now.state, step: life.now.step, reason: life.now.reason }));
  setHandler(webhookSignal, () => life.wake());
  setHandler(editUpdate, (edit) => life.edit(edit));
  setHandler(cancelUpdate, () => life.cancel());

  const steps = { ...sendingSteps(life), ...followingSteps(life) };
  try {
    let next: NextStep = (await life.begin()) ? life.now.step : null;
    while (next !== null) {
      life.goTo(next);
      next = await steps[next]();
    }
  } catch (error) {
    if (!isGone(error)) throw error;
    life.show('cancelled', 'The post was deleted.');
  }
  life.answerCancel(life.now.state === 'cancelled' ? { ok: true } : refusal('post_not_cancellable', `The post is ${life.now.state}.`));
  if (life.now.state === 'published') await sampleNow(life, input);
  await condition(allHandlersFinished);
  return { state: life.now.state, reason: life.now.reason };
}

/** A person who sees it published looks for its first numbers; where that fails, the Schedule brings them within minutes. */
async function sampleNow({ activities }: PostLife, { social_account_id, workspace_id }: PublishVideoInput): Promise<void> {
  try {
    await activities.sampleAnalyticsNow({ social_account_id, workspace_id });
  } catch (error) {
    log.warn('the first numbers of the post are left to the Schedule', { error });
  }
}
