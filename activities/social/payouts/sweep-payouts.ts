import { Context } from '@temporalio/activity';
import { listOpenPayouts } from '../../../db/payout.repository.ts';
import type { PayoutInput, SweepPayoutsActivities } from '../../../domain/contracts/payout.ts';
import { payoutWorkflowId, taskQueue } from '../../../domain/names.ts';
import { eachInLanes } from '../../actions/each-in-lanes.ts';
import type { PayoutDeps } from './payout-deps.ts';

const PAGE = 500;
const AT_ONCE = 10;
const START_MS = 5_000;

/** Starts the workflows of open payouts; nothing happens where they run. @param openForMs how long the API has to start one itself */
export const createSweepPayouts = ({ db, client, taskQueuePrefix }: PayoutDeps, openForMs = 30_000): SweepPayoutsActivities => ({
  async sweepPayouts() {
    let count = 0;
    for (let after: string | null = null; ; ) {
      const page = await listOpenPayouts(db, openForMs, after, PAGE);
      await eachInLanes(page, AT_ONCE, async ({ id, workspace_id }) => {
        const args: [PayoutInput] = [{ payout_id: id, workspace_id, request_id: null }];
        const options = { taskQueue: taskQueue('social', taskQueuePrefix), workflowId: payoutWorkflowId(id), workflowIdConflictPolicy: 'USE_EXISTING' as const, args };
        await client.withDeadline(Date.now() + START_MS, () => client.workflow.start('payout', options));
      });
      Context.current().heartbeat();
      count += page.length;
      if (page.length < PAGE) return count;
      after = page.at(-1)!.id;
    }
  },
});
