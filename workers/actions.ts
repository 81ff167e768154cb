import { createActionActivities } from '../activities/actions/action.activities.ts';
import { createMaintenanceActivities } from '../activities/maintenance/maintenance.activities.ts';
import { listMqttDevices, recordPresence } from '../db/device-delivery.repository.ts';
import { watchAvailability } from '../devices/availability.ts';
import { createPresenceBook } from '../devices/presence.ts';
import type { LivestreamSessionInput } from '../domain/contracts/livestream.ts';
import { livestreamWorkflowId, taskQueue } from '../domain/names.ts';
import type { WorkerContext } from './context.ts';
import type { RoleParts } from './role.ts';
import { createSenders } from './senders.ts';

/** The role that keeps promises: retries, restores, commands from people, availability of devices, and what is periodic. */
export async function createActionsRole(context: WorkerContext): Promise<RoleParts> {
  const { env, log, database, client } = context;
  const presence = createPresenceBook({ write: (notes) => recordPresence(database.db, notes), logger: log });
  const senders = await createSenders(context, presence);
  const availability = watchAvailability({ hub: senders.mqtt, load: (token) => listMqttDevices(database.db, token), presence, logger: log });
  const startSession = async (input: LivestreamSessionInput): Promise<void> => {
    await client.workflow.start('livestreamSession', {
      taskQueue: taskQueue('live', env.TEMPORAL_TASK_QUEUE_PREFIX),
      workflowId: livestreamWorkflowId(input.livestream_id),
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [input],
    });
  };
  return {
    activities: {
      ...createActionActivities({
        db: database.db,
        pool: database.pool,
        lookup: senders.lookup,
        devices: senders.devices,
        senders: senders.senders,
        starter: senders.starter,
        logger: log,
      }),
      ...createMaintenanceActivities({ db: database.db, startSession }),
    },
    workerOptions: { maxConcurrentActivityTaskExecutions: 100 },
    // What the process before this one had not handed over need not wait for the Schedule's next turn.
    started: () => client.schedule.getHandle(`${env.TEMPORAL_TASK_QUEUE_PREFIX}sweepActions`).trigger(),
    async close() {
      await availability.close();
      await presence.close();
      await senders.close();
    },
  };
}
