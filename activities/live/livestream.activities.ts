import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { setLivestreamStatus, type StatusChange } from '../../db/consumer.repository.ts';
import type { Db } from '../../db/client.ts';
import type { ConsumeLivestreamInput, ConsumeOutcome } from '../../domain/contracts/livestream.ts';
import type { RunningConsumers } from './running-consumers.ts';

export interface LivestreamActivityDeps {
  db: Db;
  consumers: RunningConsumers;
}

/** Several heartbeats fit into the shortest heartbeat timeout that is sensible. */
const HEARTBEAT_MS = 1_000;

export function createLivestreamActivities({ db, consumers }: LivestreamActivityDeps) {
  return {
    /**
     * Consumes a LIVE for as long as it lasts. Heartbeats carry cursor, position and the number of open streaks; what the
     * next attempt resumes from is what was committed.
     * @throws CancelledFailure when asked to end; a retryable failure when this worker shuts down
     */
    async consumeLivestream(input: ConsumeLivestreamInput): Promise<ConsumeOutcome> {
      const context = Context.current();
      const consumer = consumers.take(input);
      const beat = setInterval(() => context.heartbeat(consumer.progress), HEARTBEAT_MS);
      context.heartbeat(consumer.progress);
      try {
        const outcome = await Promise.race([consumer.outcome, context.cancelled]);
        if (outcome) return outcome;
        throw ApplicationFailure.retryable('The consumer was stopped.', 'ConsumerStopped');
      } catch (error) {
        if (!(error instanceof CancelledFailure)) throw error;
        return await onCancelled(error, consumer, context);
      } finally {
        clearInterval(beat);
      }
    },

    async setLivestreamStatus(livestreamId: string, change: StatusChange): Promise<void> {
      await setLivestreamStatus(db, livestreamId, change);
    },
  };
}

async function onCancelled(error: CancelledFailure, consumer: ReturnType<RunningConsumers['take']>, context: Context): Promise<never> {
  const details = context.cancellationDetails;
  if (details?.cancelRequested) {
    await consumer.stop(new Error('disconnected on request'));
    throw error;
  }
  if (details?.workerShutdown) {
    await consumer.stop(new Error('this worker shuts down; another takes over'));
    throw ApplicationFailure.create({ message: 'The worker shuts down.', type: 'WorkerShutdown', nextRetryDelay: '100ms' });
  }
  // Temporal has forgotten this attempt (it was away for too long): the next one takes the consumer over.
  consumer.leave();
  throw error;
}

export type LivestreamActivities = ReturnType<typeof createLivestreamActivities>;
