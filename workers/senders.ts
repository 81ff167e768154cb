import { createDeviceLookup } from '../activities/actions/device-lookup.ts';
import { createHandOver } from '../activities/actions/hand-over.ts';
import { createRestorePromises } from '../activities/actions/restores.ts';
import { createActionSenders } from '../activities/actions/senders.ts';
import { createWorkflowStarter, type WorkflowStarter } from '../activities/actions/workflow-starter.ts';
import { createShopWorkflows } from '../activities/shop/shop-workflows.ts';
import { createFeedNotifier } from '../db/feed-notifier.ts';
import { createDeviceClient, type DeviceClient } from '../devices/device-client.ts';
import { createMqttHub, type MqttHub } from '../devices/mqtt-client.ts';
import type { PresenceBook } from '../devices/presence.ts';
import type { DeviceLookup } from '../activities/actions/device-lookup.ts';
import type { ActionSenders } from '../domain/contracts/action.ts';
import type { DeliverActionsInput } from '../domain/contracts/delivery.ts';
import { createMailer } from '../messaging/mail.ts';
import { createOutgoingHttp } from '../messaging/outgoing-http.ts';
import { needed, type WorkerContext } from './context.ts';

export interface Senders {
  senders: ActionSenders;
  devices: DeviceClient;
  lookup: DeviceLookup;
  mqtt: MqttHub;
  starter: WorkflowStarter;
  /** Makes sure that somebody delivers what is `retrying` for this target, now or soon. */
  wake(target: string, workspaceId: string): void;
  close(): Promise<void>;
}

/** A broker that is there answers within this; one that is not must not hold up the start. */
const BROKER_PATIENCE_MS = 3_000;

/** All that an action may be sent with, the same in every role of worker. `presence` learns from what HTTP devices answer. */
export async function createSenders({ env, role, slot, log, database, secrets, client }: WorkerContext, presence?: PresenceBook): Promise<Senders> {
  const mqtt = createMqttHub({
    url: needed(env, 'MQTT_URL'),
    clientId: `showrunner-${role}-${slot}`.replaceAll(/[^\w-]/g, '-'),
    logger: log,
    ...(env.MQTT_USERNAME ? { username: env.MQTT_USERNAME } : {}),
    ...(env.MQTT_PASSWORD ? { password: env.MQTT_PASSWORD } : {}),
  });
  const http = createOutgoingHttp({ allowPrivate: env.ALLOW_PRIVATE_WEBHOOKS });
  const mailer = createMailer({ url: env.SMTP_URL ?? null, from: env.SMTP_FROM });
  const starter = createWorkflowStarter(client, env.TEMPORAL_TASK_QUEUE_PREFIX);
  const restores = createRestorePromises({ db: database.db, starter, logger: log });
  const deliveries = createHandOver<DeliverActionsInput>({ start: (input) => starter.deliver(input), logger: log });
  const feed = createFeedNotifier(database.pool);
  const lookup = createDeviceLookup(database.db, secrets);
  const devices = createDeviceClient({ mqtt, http, ...(presence ? { presence } : {}) });
  await mqtt.ready(BROKER_PATIENCE_MS);
  return {
    senders: createActionSenders({
      db: database.db,
      pool: database.pool,
      secrets,
      lookup,
      devices,
      http,
      mailer,
      restores,
      shops: createShopWorkflows(client, env.TEMPORAL_TASK_QUEUE_PREFIX),
      logger: log,
      onNotification: (workspaceId) => feed.hint(workspaceId),
    }),
    devices,
    lookup,
    mqtt,
    starter,
    wake: (target, workspace_id) => deliveries.request(target, { target, workspace_id }),
    async close() {
      deliveries.close();
      restores.close();
      mailer.close();
      await Promise.all([mqtt.close(), http.close()]);
    },
  };
}
