import type pg from 'pg';
import { stableId } from '../../../db/ids.ts';
import { createNotification } from '../../../db/notification.repository.ts';
import type { DueCallback } from '../../../db/outbox-callback.repository.ts';

export interface CallbackAlertDeps {
  pool: Pick<pg.Pool, 'query'>;
  /** Tells those who are connected that their feed grew. */
  hint: (workspaceId: string) => void;
  logger: { warn(fields: object, message: string): void };
}

/** Puts a notification before the workspace that messages do not arrive: one for each day, whichever process says it. Never throws. */
export function createCallbackAlert({ pool, hint, logger }: CallbackAlertDeps): (message: DueCallback, error: string) => Promise<void> {
  return async ({ workspace_id, message_id, created_at }, error) => {
    const day = new Date().toISOString().slice(0, 10);
    const message = `The order service (ORDER_SERVICE_URL) does not take message ${message_id} of ${created_at.toISOString()}: ${error} It is tried for 7 days; GET /messages?state=failing shows all.`;
    try {
      const created = await createNotification(pool, { workspace_id, action_id: stableId(`callback-alert:${workspace_id}:${day}`), livestream_id: null, message });
      if (created) hint(workspace_id);
    } catch (fault) {
      logger.warn({ err: fault, workspace_id }, 'people could not be told that the order service does not take messages');
    }
  };
}
