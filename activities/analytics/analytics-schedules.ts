import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import type { AnalyticsAccount } from '../../domain/contracts/analytics.ts';
import { SAMPLE_EVERY_MS } from '../../domain/analytics/sampling.ts';
import { analyticsWorkflowId, taskQueue } from '../../domain/names.ts';

const DEADLINE_MS = 10_000;
const RUN_TIMEOUT = '14 minutes' as const;

export interface AnalyticsSchedules {
  /** Makes the account's Schedule and has it run at once, or brings the one there is to what the code says. */
  ensure(account: AnalyticsAccount): Promise<void>;
  /** Nothing happens where there is none. */
  remove(account: AnalyticsAccount): Promise<void>;
  /**
   * Has a round run now, out of turn. A workflow of its own: a Schedule drops a trigger in the second of another run. Rounds that
   * overlap write no video twice.
   */
  runNow(account: AnalyticsAccount): Promise<void>;
}

export interface SchedulesOptions {
  client: Client;
  taskQueuePrefix: string;
  /** Milliseconds between two rounds. */
  everyMs?: number;
}

/** One Schedule for each account, id analyticsWorkflowId: unique by the account's id, so without the installation's prefix. */
export function createAnalyticsSchedules({ client, taskQueuePrefix, everyMs = SAMPLE_EVERY_MS }: SchedulesOptions): AnalyticsSchedules {
  const queue = taskQueue('publish', taskQueuePrefix);
  const within = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + DEADLINE_MS, call);
  const handleOf = ({ social_account_id }: AnalyticsAccount) => client.schedule.getHandle(analyticsWorkflowId(social_account_id));

  return {
    async ensure(account) {
      const scheduleId = analyticsWorkflowId(account.social_account_id);
      const spec = { intervals: [{ every: everyMs, offset: offsetOf(account.social_account_id, everyMs) }], jitter: Math.floor(everyMs / 15) };
      const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' } as const;
      const action = {
        type: 'startWorkflow' as const,
        workflowType: 'syncAnalytics',
        workflowId: scheduleId,
        taskQueue: queue,
        args: [account],
        workflowExecutionTimeout: RUN_TIMEOUT,
      };
      try {
        await within(() => client.schedule.create({ scheduleId, spec, action, policies, state: { triggerImmediately: true } }));
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning)) throw error;
        await within(() => handleOf(account).update((previous) => ({ ...previous, spec, action, policies })));
      }
    },

    async remove(account) {
      try {
        await within(() => handleOf(account).delete());
      } catch (error) {
        if (!(error instanceof ScheduleNotFoundError)) throw error;
      }
    },

    async runNow(account) {
      await within(() =>
        client.workflow.start('syncAnalytics', {
          taskQueue: queue,
          workflowId: `${analyticsWorkflowId(account.social_account_id)}:now`,
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowExecutionTimeout: RUN_TIMEOUT,
          args: [account],
        }),
      );
    },
  };
}

/** Spreads the accounts over the interval: the end of a UUIDv7 is random. Whole seconds, as Temporal keeps them. */
const offsetOf = (accountId: string, everyMs: number): number => Math.floor((Number.parseInt(accountId.slice(-8), 16) % everyMs) / 1_000) * 1_000;
