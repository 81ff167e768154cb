import { createHmac } from 'node:crypto';
import type { Account } from './state/accounts.ts';
import { BoundedMap } from './state/bounded-map.ts';
import type { Clock } from './state/clock.ts';
import type { Settings } from './state/settings-schema.ts';
import type { SettingsDesk } from './state/settings.ts';

const MAX_DELIVERIES = 5_000;

/** One event on its way to the callback URL; every attempt is kept. */
export interface Delivery {
  readonly id: number;
  readonly event: string;
  readonly username: string;
  readonly open_id: string;
  /** The very bytes that are signed and sent. */
  readonly body: string;
  readonly created_ms: number;
  state: 'waiting' | 'delivered' | 'dropped' | 'no_url';
  attempts: { at_ms: number; status: number | null; error: string | null; signature: string }[];
}

/** TikTok's webhooks: https://developers.tiktok.com/doc/webhooks-overview/ */
export interface Webhooks {
  send(event: string, account: Account, content: object): Delivery;
  /** Sends what was sent before once more, byte for byte. */
  again(id: number): Delivery | null;
  deliveries(): Delivery[];
  /** Sends what waited while webhooks were paused. */
  resume(): void;
  reset(): void;
}

export function createWebhooks(clock: Clock, settings: SettingsDesk): Webhooks {
  const deliveries = new BoundedMap<number, Delivery>(MAX_DELIVERIES);
  let held: Delivery[] = [];
  let lastId = 0;
  let stop = new AbortController();

  const attempt = async (delivery: Delivery, attemptsLeft: number): Promise<void> => {
    const { webhooks, app } = settings.current;
    if (webhooks.url === null) return void (delivery.state = 'no_url');
    const signature = signatureOf(delivery.body, app.client_secret, webhooks);
    const { signal } = stop;
    const outcome = await post(webhooks.url, delivery.body, signature, AbortSignal.any([signal, AbortSignal.timeout(webhooks.timeout_ms)]));
    if (signal.aborted) return;
    delivery.attempts.push({ at_ms: clock.now(), ...outcome, signature });
    if (outcome.status === 200) return void (delivery.state = 'delivered');
    if (delivery.state === 'delivered') return;
    if (attemptsLeft <= 1) return void (delivery.state = 'dropped');
    const backoff = Math.min(webhooks.retry_initial_ms * 2 ** Math.min(delivery.attempts.length - 1, 30), webhooks.retry_max_ms);
    clock.at(clock.now() + backoff, () => void attempt(delivery, attemptsLeft - 1));
  };

  /** Resolves after the first attempt; retries go their own way. */
  const dispatch = async (delivery: Delivery): Promise<void> => {
    const { duplicates, max_attempts } = settings.current.webhooks;
    await Promise.all(Array.from({ length: duplicates + 1 }, () => attempt(delivery, max_attempts)));
  };
  /** One after the other, so that they arrive in this order. */
  const flush = async (order: 'oldest' | 'newest'): Promise<void> => {
    const batch = order === 'newest' ? held.reverse() : held;
    held = [];
    const { signal } = stop;
    for (const delivery of batch) if (!signal.aborted) await dispatch(delivery);
  };
  const enqueue = (delivery: Delivery): void => {
    const { paused, disorder_ms } = settings.current.webhooks;
    if (!paused && disorder_ms === 0) return void dispatch(delivery);
    held = [...held.slice(-MAX_DELIVERIES + 1), delivery];
    if (!paused && held.length === 1) clock.at(clock.now() + disorder_ms, () => void flush('newest'));
  };

  return {
    send: (event, account, content) => {
      const body = JSON.stringify({
        client_key: settings.current.app.client_key,
        event,
        create_time: Math.floor(clock.now() / 1_000),
        user_openid: account.open_id,
        content: JSON.stringify(content),
      });
      const delivery: Delivery = { id: ++lastId, event, username: account.username, open_id: account.open_id, body, created_ms: clock.now(), state: 'waiting', attempts: [] };
      deliveries.set(delivery.id, delivery);
      enqueue(delivery);
      return delivery;
    },
    again: (id) => {
      const delivery = deliveries.get(id) ?? null;
      if (delivery) void dispatch(delivery);
      return delivery;
    },
    deliveries: () => [...deliveries.values()],
    resume: () => void flush('oldest'),
    reset: () => {
      stop.abort();
      stop = new AbortController();
      held = [];
      deliveries.clear();
    },
  };
}

/** `t=<unix seconds>,s=<hex>`: HMAC-SHA256 over `t.body`. The time is the real one, whatever the sandbox's clock says: receivers check its age. */
function signatureOf(body: string, secret: string, { wrong_signature, age_s }: Settings['webhooks']): string {
  const time = Math.floor(Date.now() / 1_000) - age_s;
  const key = wrong_signature ? `${secret}-wrong` : secret;
  return `t=${time},s=${createHmac('sha256', key).update(`${time}.${body}`).digest('hex')}`;
}

async function post(url: string, body: string, signature: string, signal: AbortSignal): Promise<{ status: number | null; error: string | null }> {
  try {
    const headers = { 'content-type': 'application/json', 'tiktok-signature': signature, 'user-agent': 'TikTok-Webhook-Sandbox' };
    const response = await fetch(url, { method: 'POST', body, headers, signal, redirect: 'manual' });
    await response.body?.cancel();
    return { status: response.status, error: null };
  } catch (error) {
    return { status: null, error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}
