import { setTimeout as delay } from 'node:timers/promises';
import { pushBounded } from '../open-api/state/bounded-map.ts';

const MAX_DELIVERIES = 5_000;
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 200;
const TIMEOUT_MS = 10_000;

/** A notification on its way to us; every attempt is kept. */
export interface Delivery {
  id: string;
  kind: string;
  /** The very bytes, for sending them again. */
  body: string;
  headers: Record<string, string>;
  /** HTTP statuses; 0: no answer. */
  attempts: number[];
  state: 'waiting' | 'delivered' | 'dropped' | 'no_url';
}

export interface Deliveries {
  /** Resolves when it is delivered or given up. */
  send(url: string | null, delivery: Pick<Delivery, 'id' | 'kind' | 'body' | 'headers'>): Promise<Delivery>;
  all(): readonly Delivery[];
  reset(): void;
}

/** Both stores come again until they are answered with 2xx; here some times, and soon. */
export function createDeliveries(): Deliveries {
  const deliveries: Delivery[] = [];
  let stop = new AbortController();

  async function attempt(url: string, { body, headers }: Delivery, signal: AbortSignal): Promise<number> {
    try {
      const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers }, signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]), redirect: 'manual' });
      await response.body?.cancel();
      return response.status;
    } catch {
      return 0;
    }
  }

  return {
    async send(url, sent) {
      const delivery: Delivery = { ...sent, attempts: [], state: url === null ? 'no_url' : 'waiting' };
      pushBounded(deliveries, delivery, MAX_DELIVERIES);
      const { signal } = stop;
      for (let pause = FIRST_PAUSE_MS; url !== null && delivery.attempts.length < ATTEMPTS && !signal.aborted; pause *= 2) {
        if (delivery.attempts.length > 0) await delay(pause);
        const status = await attempt(url, delivery, signal);
        delivery.attempts.push(status);
        if (status < 200 || status >= 300) continue;
        delivery.state = 'delivered';
        return delivery;
      }
      if (url !== null) delivery.state = 'dropped';
      return delivery;
    },
    all: () => deliveries,
    reset() {
      stop.abort();
      stop = new AbortController();
      deliveries.length = 0;
    },
  };
}
