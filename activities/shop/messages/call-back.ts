import type pg from 'pg';
import { listDueCallbacks, markCalledBack, noteFailedCallback, type DueCallback } from '../../../db/outbox-callback.repository.ts';
import { settleWithoutAmqp } from '../../../db/outbox-publishing.repository.ts';
import { afterFailedCallback } from '../../../domain/shop/message-retry.ts';
import type { AttemptResult } from '../../../domain/contracts/action.ts';
import type { MessageCallback } from '../../../messaging/message-callback.ts';
import type { Wake } from './wake.ts';

export interface CallBackDeps {
  send: MessageCallback;
  amqpIsOff: boolean;
  wake: Wake;
  /** Tells people of the workspace; once a day, however often it is called. Never throws. */
  alert: (message: DueCallback, error: string) => Promise<void>;
  logger: { warn(fields: object, message: string): void };
}

const LANES = 16;
const POLL_MS = 1_000;
const MAX_ERROR_CHARS = 1_000;

/**
 * Calls ORDER_SERVICE_URL for what waits in the outbox until `signal` is aborted: keys side by side, one call of a key at a time, so that a message
 * that fails holds up none but its own. @throws where `session` breaks
 */
export async function callBack({ send, amqpIsOff, wake, alert, logger }: CallBackDeps, session: pg.Client, signal: AbortSignal): Promise<void> {
  const underWay = new Map<string, Promise<void>>();
  const broken: Error[] = [];
  const attempt = async (message: DueCallback): Promise<void> => {
    try {
      const result = await tried(send, message, signal);
      if (result.outcome === 'succeeded') await markCalledBack(session, message.message_id, amqpIsOff);
      // Our own stop is no failure of the other side.
      else if (!signal.aborted) await noteFailure(message, result);
    } catch (error) {
      broken.push(error as Error);
    }
    underWay.delete(message.key);
    wake.wake();
  };
  const noteFailure = async (message: DueCallback, result: Exclude<AttemptResult, { outcome: 'succeeded' }>): Promise<void> => {
    const error = `${result.code}: ${result.error}`.slice(0, MAX_ERROR_CHARS);
    const next = afterFailedCallback({
      created_at_ms: message.created_at.getTime(),
      now_ms: Date.now(),
      failures: message.http_attempts + 1,
      retry_after_ms: (result.outcome === 'retryable' ? result.retry_after_ms : undefined) ?? null,
    });
    await noteFailedCallback(session, message.message_id, error, next.kind === 'again' ? new Date(next.at_ms) : null, amqpIsOff);
    logger.warn({ message_id: message.message_id, key: message.key, attempts: message.http_attempts + 1, next: next.kind, error }, 'the order service did not take a message');
    if (next.alert) await alert(message, error);
  };

  if (amqpIsOff) await settleWithoutAmqp(session);
  while (!signal.aborted && broken.length === 0) {
    const free = LANES - underWay.size;
    const due = free === 0 ? [] : await listDueCallbacks(session, free, [...underWay.keys()]);
    for (const message of due) underWay.set(message.key, attempt(message));
    if (due.length === 0) await wake.wait(POLL_MS, signal);
  }
  await Promise.all(underWay.values());
  if (broken[0]) throw broken[0];
}

/** Never rejects: what our own side can't do now is tried again like what the other side can't. */
async function tried(send: MessageCallback, { body }: DueCallback, signal: AbortSignal): Promise<AttemptResult> {
  try {
    return await send(body, signal);
  } catch (error) {
    return { outcome: 'retryable', code: 'internal', error: error instanceof Error ? error.message : String(error) };
  }
}
