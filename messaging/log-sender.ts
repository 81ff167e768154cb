import type { Logger } from 'pino';
import type { ActionSender } from '../domain/contracts/action.ts';

const MAX_CHARS = 4_096;

/** Writes log actions to the structured log; the execution record keeps the message as the action's response. */
export function createLogSender(logger: Pick<Logger, 'info'>): ActionSender {
  return async ({ id, execution_id, workspace_id, livestream_id, event_id, rule_id, action }) => {
    if (action.action_type !== 'log') return { outcome: 'failed', code: 'invalid_config', error: 'This is no log action.' };
    const message = action.config.message.slice(0, MAX_CHARS);
    logger.info({ action_id: id, execution_id, workspace_id, livestream_id, event_id, rule_id, message }, 'rule log');
    return { outcome: 'succeeded', response: { body: message } };
  };
}
