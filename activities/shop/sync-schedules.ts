import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import type { ChannelKey } from '../../domain/contracts/channel.ts';
import { shopSyncWorkflowId, taskQueue } from '../../domain/names.ts';
import { syncJitterMs, syncOffsetMs } from '../../domain/shop/sync-times.ts';

const DEADLINE_MS = 10_000;
/** What a run has not done by then the next goes on with, from the page at which it stands. */
const RUN_TIMEOUT = '30 minutes' as const;

/** The Schedule of each channel's `shopSync`. */
export interface SyncSchedules {
  /** Makes it, or brings it to the interval of the code; one that is new or was paused runs at once. */
  ensure(channel: ChannelKey): Promise<void>;
  /** Runs it now, once more after a run that is under way; in the second in which a run began it is that run. @throws ScheduleNotFoundError where there is none */
  trigger(channel: ChannelKey): Promise<void>;
  /** Nothing happens where there is none. */
  pause(channel: ChannelKey, why: string): Promise<void>;
  /** Nothing happens where there is none. */
  remove(channel: ChannelKey): Promise<void>;
}

/** One Schedule for each channel, id shopSyncWorkflowId: unique by the channel's id, so without the installation's prefix. */
export function createSyncSchedules(client: Client, { taskQueuePrefix, intervalS, deadlineMs = DEADLINE_MS }: { taskQueuePrefix: string; intervalS: number; deadlineMs?: number }): SyncSchedules {
  const queue = taskQueue('shop', taskQueuePrefix);
  const everyMs = intervalS * 1_000;
  const within = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + deadlineMs, call);
  const handleOf = ({ channel_id }: ChannelKey) => client.schedule.getHandle(shopSyncWorkflowId(channel_id));
  const trigger = (channel: ChannelKey): Promise<void> => within(() => handleOf(channel).trigger(ScheduleOverlapPolicy.BUFFER_ONE));

  return {
    async ensure({ channel_id, workspace_id }) {
      const scheduleId = shopSyncWorkflowId(channel_id);
      const spec = { intervals: [{ every: everyMs, offset: syncOffsetMs(channel_id, everyMs) }], jitter: syncJitterMs(everyMs) };
      const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' } as const;
      const action = {
        type: 'startWorkflow' as const,
        workflowType: 'shopSync',
        workflowId: scheduleId,
        taskQueue: queue,
        args: [{ channel_id, workspace_id }],
        workflowExecutionTimeout: RUN_TIMEOUT,
      };
      // Not triggerImmediately: that run counts for no overlap, so that the interval's first one could run beside it.
      let runsNow = true;
      try {
        await within(() => client.schedule.create({ scheduleId, spec, action, policies }));
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning)) throw error;
        await within(() =>
          handleOf({ channel_id, workspace_id }).update((previous) => {
            runsNow = previous.state.paused;
            return { ...previous, spec, action, policies, state: { ...previous.state, paused: false, note: 'runs' } };
          }),
        );
      }
      if (runsNow) await trigger({ channel_id, workspace_id });
    },

    trigger,
    pause: (channel, why) => unlessGone(() => within(() => handleOf(channel).pause(why))),
    remove: (channel) => unlessGone(() => within(() => handleOf(channel).delete())),
  };
}

async function unlessGone(call: () => Promise<void>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}
