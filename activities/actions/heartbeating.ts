import { Context } from '@temporalio/activity';

const BEAT_MS = 2_000;

/**
 * Runs an activity's body and heartbeats beside it, so that its cancellation is learnt and its worker's death is noticed.
 * @param details what each heartbeat says, such as how far it is
 */
export async function heartbeating<T>(body: () => Promise<T>, details: () => unknown = () => undefined): Promise<T> {
  const context = Context.current();
  context.heartbeat(details());
  const beat = setInterval(() => context.heartbeat(details()), BEAT_MS);
  try {
    return await body();
  } finally {
    clearInterval(beat);
  }
}
