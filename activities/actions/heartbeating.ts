import { Context } from '@temporalio/activity';

const BEAT_MS = 2_000;

/** Runs an activity's body and heartbeats beside it, so that its cancellation is learnt and its worker's death is noticed. */
export async function heartbeating<T>(body: () => Promise<T>): Promise<T> {
  const context = Context.current();
  context.heartbeat();
  const beat = setInterval(() => context.heartbeat(), BEAT_MS);
  try {
    return await body();
  } finally {
    clearInterval(beat);
  }
}
