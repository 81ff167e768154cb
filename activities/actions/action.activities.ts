import type { ActionSenderDeps } from './senders.ts';
import { createDeliverBatch, type DeliverBatchDeps } from './deliver-batch.ts';
import { createKeepRestore } from './keep-restore.ts';
import { createSendCommand } from './send-command.ts';
import { createSweepActions } from './sweep.ts';
import type { WorkflowStarter } from './workflow-starter.ts';

export interface ActionActivityDeps extends Pick<ActionSenderDeps, 'db' | 'pool' | 'lookup' | 'devices' | 'logger'> {
  senders: DeliverBatchDeps['senders'];
  starter: WorkflowStarter;
}

/** All activities of the role `actions`. */
export function createActionActivities(deps: ActionActivityDeps) {
  return { ...createDeliverBatch(deps), ...createKeepRestore(deps), ...createSendCommand(deps), ...createSweepActions(deps) };
}

export type ActionActivities = ReturnType<typeof createActionActivities>;
