import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { liftWhenOver, noteTimer, sweepOver, untimedRestrictions } from '../../db/chat-restriction.repository.ts';
import type { Db } from '../../db/client.ts';
import type { ChatRestrictionActivities, ChatRestrictionInput, ChatRestrictionSweep } from '../../domain/contracts/chat.ts';
import { chatRestrictionWorkflowId, taskQueue } from '../../domain/names.ts';

export interface ChatRestrictionDeps {
  db: Db;
  client: Client;
  taskQueuePrefix: string;
}

/** Younger ones are just being started by the API. */
const OLDER_THAN_S = 20;
const BATCH = 200;
/** What one sweep does at most is BATCH times this; the next goes on. */
const ROUNDS = 10;

export function createChatRestrictionActivities({ db, client, taskQueuePrefix }: ChatRestrictionDeps): ChatRestrictionActivities & ChatRestrictionSweep {
  const start = (input: ChatRestrictionInput): Promise<unknown> =>
    client.workflow.start('chatRestriction', {
      taskQueue: taskQueue('media', taskQueuePrefix),
      workflowId: chatRestrictionWorkflowId(input.restriction_id),
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `Restriction ${input.restriction_id}`,
      args: [input],
    });

  /** @returns how many `round` did in all, until one was not full */
  const rounds = async (round: () => Promise<number>): Promise<number> => {
    let total = 0;
    for (let turn = 0; turn < ROUNDS; turn += 1) {
      Context.current().heartbeat();
      const done = await round();
      total += done;
      if (done < BATCH) break;
    }
    return total;
  };

  return {
    async liftRestriction({ restriction_id }) {
      const until = await liftWhenOver(db, restriction_id);
      return { until_ms: until?.getTime() ?? null };
    },

    async sweepRestrictions() {
      const lifted = await rounds(() => sweepOver(db, BATCH));
      const started = await rounds(async () => {
        const untimed = await untimedRestrictions(db, { olderThanS: OLDER_THAN_S, limit: BATCH });
        for (const { id, workspace_id, until } of untimed) {
          await start({ restriction_id: id, workspace_id, until_ms: until.getTime() });
          await noteTimer(db, id);
          Context.current().heartbeat();
        }
        return untimed.length;
      });
      return { started, lifted };
    },
  };
}
