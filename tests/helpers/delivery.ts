import { createActionActivities } from '../../activities/actions/action.activities.ts';
import { createDeviceLookup } from '../../activities/actions/device-lookup.ts';
import { createRestorePromises } from '../../activities/actions/restores.ts';
import { createActionSenders } from '../../activities/actions/senders.ts';
import { createShopWorkflows } from '../../activities/shop/shop-workflows.ts';
import { createWorkflowStarter, type WorkflowStarter } from '../../activities/actions/workflow-starter.ts';
import { createDeviceClient } from '../../devices/device-client.ts';
import { createMqttHub, type MqttHub } from '../../devices/mqtt-client.ts';
import type { ActionSenders } from '../../domain/contracts/action.ts';
import type { DeliveryTimings } from '../../domain/contracts/delivery.ts';
import { createMailer } from '../../messaging/mail.ts';
import { createOutgoingHttp } from '../../messaging/outgoing-http.ts';
import type { TestDatabase } from './database.ts';
import { quietLog } from './quiet-log.ts';
import type { TestTemporal } from './temporal.ts';

export interface Delivery {
  hub: MqttHub;
  senders: ActionSenders;
  activities: ReturnType<typeof createActionActivities>;
  starter: WorkflowStarter;
  /** A worker of the role `actions`, on a queue of this test's own. */
  runWorker(): Promise<{ stop(): Promise<void> }>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Short, so that tests wait for conditions and not for backoffs. */
export const QUICK: Partial<DeliveryTimings> = { backoff_initial_ms: 50, backoff_max_ms: 200 };

/** Everything that delivers actions, with real parts; secrets are in the clear. */
export async function delivery(database: TestDatabase, temporal: TestTemporal, mqttUrl: string): Promise<Delivery> {
  const logger = quietLog as never;
  const secrets = { open: (sealed: string) => sealed };
  const hub = createMqttHub({ url: mqttUrl, logger });
  const http = createOutgoingHttp({ allowPrivate: true });
  const prefix = `${temporal.taskQueue}-`;
  const plain = createWorkflowStarter(temporal.client, prefix);
  const starter: WorkflowStarter = {
    deliver: (input) => plain.deliver({ timings: QUICK, ...input }),
    restore: (input) => plain.restore({ timings: QUICK, ...input }),
  };
  const restores = createRestorePromises({ db: database.db, starter, logger });
  const lookup = createDeviceLookup(database.db, secrets);
  const devices = createDeviceClient({ mqtt: hub, http });
  const common = { db: database.db, pool: database.pool, lookup, devices, logger };
  const senders = createActionSenders({ ...common, secrets, http, mailer: createMailer({ url: null, from: 'a@b.c' }), restores, shops: createShopWorkflows(temporal.client, prefix) });
  const activities = createActionActivities({ ...common, senders, starter });
  await hub.ready(5_000);
  return {
    hub,
    senders,
    activities,
    starter,
    runWorker: () => temporal.runWorker({ taskQueue: `${prefix}actions`, activities }),
    async close() {
      restores.close();
      await Promise.all([hub.close(), http.close()]);
    },
  };
}
