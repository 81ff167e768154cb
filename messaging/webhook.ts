import { createHmac } from 'node:crypto';
import type { ActionSender, AttemptResult, RenderedAction } from '../domain/contracts/action.ts';
import type { OutgoingHttp, OutgoingRequest } from '../domain/contracts/outgoing-http.ts';
import type { WebhookConfig } from '../domain/contracts/rule.ts';
import { headersSchema } from '../domain/devices.ts';
import { outcomeOf } from '../domain/http-outcomes.ts';

export interface WebhookDeps {
  http: OutgoingHttp;
  /** The workspace's signing secret, in the clear. */
  secretOf(workspaceId: string): Promise<string>;
  /** Epoch milliseconds; default: the clock. */
  now?: () => number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 30_000;
const MAX_BODY_CHARS = 262_144;
/** Headers that are ours to set: a rule's own of the same name give way. */
const OWN_HEADERS = /^(idempotency-key|x-showrunner-.*)$/i;

/**
 * `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 of "<t>.<body>". The time lets a receiver refuse old repeats;
 * docs/webhooks.md shows how to verify it.
 */
export function signWebhook(secret: string, body: string, nowMs: number): string {
  const t = Math.floor(nowMs / 1_000);
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`;
}

/** Sends webhook actions, signed with the workspace's secret. */
export function createWebhookSender({ http, secretOf, now = Date.now }: WebhookDeps): ActionSender {
  return async (action, signal): Promise<AttemptResult> => {
    if (action.action.action_type !== 'webhook') return invalid('This is no webhook action.');
    const { config } = action.action;
    const headers = headersSchema.safeParse(config.headers ?? {});
    if (!headers.success)
      return invalid(headers.error.issues.map((issue) => `headers.${issue.path.join('.')} ${issue.message}`).join('; '));
    const body = bodyOf(config);
    if (body && body.text.length > MAX_BODY_CHARS) return invalid(`The body is longer than ${MAX_BODY_CHARS} characters.`);
    const secret = await secretOf(action.workspace_id);
    const request: OutgoingRequest = {
      method: config.method ?? 'POST',
      url: config.url,
      headers: {
        ...lowerCased({ 'User-Agent': 'Showrunner/1', ...(body ? { 'Content-Type': body.type } : {}) }),
        ...withoutOwn(lowerCased(headers.data)),
        ...ownHeaders(action),
        'x-showrunner-signature': signWebhook(secret, body?.text ?? '', now()),
      },
      body: body?.text ?? null,
      timeout_ms: Math.min(Math.max(1, config.timeout_ms ?? DEFAULT_TIMEOUT_MS), MAX_TIMEOUT_MS),
    };
    return outcomeOf(await http.request(request, signal));
  };
}

function ownHeaders(action: RenderedAction): { [name: string]: string } {
  return {
    'idempotency-key': action.id,
    'x-showrunner-execution': action.execution_id,
    ...(action.event_id === null ? {} : { 'x-showrunner-event': action.event_id }),
    ...(action.rule_id === null ? {} : { 'x-showrunner-rule': action.rule_id }),
  };
}

function bodyOf({ method, body }: WebhookConfig): { text: string; type: string } | null {
  if (method === 'GET' || body === undefined || body === null) return null;
  return typeof body === 'string'
    ? { text: body, type: 'text/plain; charset=utf-8' }
    : { text: JSON.stringify(body), type: 'application/json' };
}

const lowerCased = (headers: { [name: string]: string }): { [name: string]: string } =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const withoutOwn = (headers: { [name: string]: string }): { [name: string]: string } =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_HEADERS.test(name)));

const invalid = (error: string): AttemptResult => ({ outcome: 'failed', code: 'invalid_config', error });
