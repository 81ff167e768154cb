import type pg from 'pg';
import type { Logger } from 'pino';
import type { Db } from '../../db/client.ts';
import { createNotification } from '../../db/notification.repository.ts';
import type { SecretBox } from '../../db/secret-box.ts';
import { findWebhookSecret } from '../../db/workspace.repository.ts';
import type { DeviceClient } from '../../devices/device-client.ts';
import type { ActionSender, ActionSenders, AttemptResult } from '../../domain/contracts/action.ts';
import type { OutgoingHttp } from '../../domain/contracts/outgoing-http.ts';
import { AppError, ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { sendChatMessage } from '../../messaging/chat-webhooks.ts';
import { createLogSender } from '../../messaging/log-sender.ts';
import type { Mailer } from '../../messaging/mail.ts';
import { createWebhookSender } from '../../messaging/webhook.ts';
import type { DeviceLookup } from './device-lookup.ts';
import { createInventorySender } from './inventory-sender.ts';
import { createRecentCache } from './recent-cache.ts';
import type { RestorePromises } from './restores.ts';
import type { ShopWorkflows } from '../shop/shop-workflows.ts';

export interface ActionSenderDeps {
  db: Db;
  pool: pg.Pool;
  secrets: Pick<SecretBox, 'open'>;
  lookup: DeviceLookup;
  devices: DeviceClient;
  http: OutgoingHttp;
  mailer: Mailer;
  restores: Pick<RestorePromises, 'promise'>;
  shops: Pick<ShopWorkflows, 'wakeStock'>;
  logger: Logger;
  /** Called after an in-app notification was stored. */
  onNotification?: (workspaceId: string) => void;
}

const SECRET_FRESH_MS = 10_000;

/** One sender for each type of action. None rejects: what our own side can't do now is retryable. */
export function createActionSenders(deps: ActionSenderDeps): ActionSenders {
  const secrets = createRecentCache(async (workspaceId) => {
    const sealed = await findWebhookSecret(deps.db, workspaceId);
    if (sealed === undefined) throw new AppError('not_found', `workspace ${workspaceId}`);
    return deps.secrets.open(sealed);
  }, SECRET_FRESH_MS);
  const senders: ActionSenders = {
    device_control: createDeviceSender(deps),
    webhook: createWebhookSender({ http: deps.http, secretOf: (workspaceId) => secrets.get(workspaceId) }),
    notification: createNotificationSender(deps),
    log: createLogSender(deps.logger),
    shop_inventory: createInventorySender(deps),
  };
  return {
    device_control: neverRejecting(senders.device_control, deps.logger),
    webhook: neverRejecting(senders.webhook, deps.logger),
    notification: neverRejecting(senders.notification, deps.logger),
    log: neverRejecting(senders.log, deps.logger),
    shop_inventory: neverRejecting(senders.shop_inventory, deps.logger),
  };
}

function createDeviceSender({ lookup, devices, restores }: Pick<ActionSenderDeps, 'lookup' | 'devices' | 'restores'>): ActionSender {
  return async ({ id, workspace_id, action }, signal) => {
    if (action.action_type !== 'device_control') return failed('invalid_config');
    const { device_id, command, params, restore } = action.config;
    const device = await lookup.find(workspace_id, device_id);
    if (!device) return failed('device_not_found');
    if (restore) {
      const promised = await restores.promise({
        device_id,
        workspace_id,
        command: restore.command,
        after_ms: restore.after_ms,
        action_id: id,
      });
      if (!promised) return failed('device_not_found');
    }
    return devices.send(device, { command, ...(params ? { params } : {}) }, id, signal);
  };
}

function createNotificationSender({
  pool,
  http,
  mailer,
  onNotification,
}: Pick<ActionSenderDeps, 'pool' | 'http' | 'mailer' | 'onNotification'>): ActionSender {
  return async (action, signal) => {
    if (action.action.action_type !== 'notification') return failed('invalid_config');
    const { config } = action.action;
    if (config.channel === 'email') return mailer.send(action, config);
    if (config.channel !== 'in_app') return sendChatMessage(http, action, config, signal);
    const { id, workspace_id, livestream_id } = action;
    await createNotification(pool, { workspace_id, action_id: id, livestream_id, message: config.message });
    onNotification?.(workspace_id);
    return { outcome: 'succeeded', response: null };
  };
}

function neverRejecting(sender: ActionSender, logger: Pick<Logger, 'error'>): ActionSender {
  return async (action, signal) => {
    try {
      return await sender(action, signal);
    } catch (error) {
      logger.error({ err: error, action_id: action.id }, 'an action could not be sent');
      return { outcome: 'retryable', code: 'unavailable', error: ERRORS.unavailable.message };
    }
  };
}

const failed = (code: ErrorCode): AttemptResult => ({ outcome: 'failed', code, error: ERRORS[code].message });
