import type { AttemptResult } from '../domain/contracts/action.ts';
import type { OutgoingHttp } from '../domain/contracts/outgoing-http.ts';
import type { ShopMessage } from '../domain/contracts/shop-message.ts';
import { outcomeOf } from '../domain/http-outcomes.ts';
import { routeOf } from '../domain/shop/message-routing.ts';
import { signWebhook } from './webhook.ts';

export interface MessageCallbackDeps {
  http: OutgoingHttp;
  /** ORDER_SERVICE_URL. */
  url: string;
  /** The workspace's signing secret, in the clear. */
  secretOf(workspaceId: string): Promise<string>;
  /** For everything: name, connection, redirects, answer; milliseconds. */
  timeoutMs?: number;
}

/** One attempt; rejects only where the secret can't be read. */
export type MessageCallback = (message: ShopMessage, signal: AbortSignal) => Promise<AttemptResult>;

/** POSTs a message as JSON, signed like any webhook of the workspace; the message id is the idempotency key. */
export function createMessageCallback({ http, url, secretOf, timeoutMs = 10_000 }: MessageCallbackDeps): MessageCallback {
  return async (message, signal) => {
    const body = JSON.stringify(message);
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Showrunner/1',
      'idempotency-key': message.message_id,
      'x-showrunner-message': routeOf(message).routing_key,
      'x-showrunner-signature': signWebhook(await secretOf(message.workspace_id), body, Date.now()),
    };
    return outcomeOf(await http.request({ method: 'POST', url, headers, body, timeout_ms: timeoutMs }, signal));
  };
}
