import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../supervisor/start-error.ts';
import type { DemoApi } from './api.ts';
import { consentOfSeller } from './consent.ts';

const POLL_MS = 250;
const PATIENCE_MS = 60_000;

export interface Channel {
  id: string;
  shop_id: string;
  name: string;
  region: string;
}
interface Job {
  state: string;
  state_reason: string | null;
  progress: { total: number | null; done: number; failed: number; calls: number };
}
export interface Order {
  order_id: string;
  status: string;
  delivery_option_id: string | null;
}

export async function register(api: DemoApi): Promise<{ email: string; password: string }> {
  const person = { email: `demo-${randomBytes(4).toString('hex')}@example.test`, password: randomBytes(9).toString('base64url'), full_name: 'Demo' };
  await api.post('/api/auth/register', person);
  await api.signIn(person.email, person.password);
  return person;
}

/** A shop is in one workspace at a time: what an earlier demo connected has to be let go first. */
export async function connectShops(api: DemoApi, apiUrl: string): Promise<Channel[]> {
  await consentOfSeller(apiUrl, api.token);
  const { items } = await api.get<{ items: Channel[] }>('/channels');
  if (items.length === 0) throw new StartError('TikTok Shop’s sandbox gave its consent, and no shop was free: another workspace has them. Start with an empty DATA_DIR, or disconnect them there.');
  return items;
}

export async function disconnectShops(api: DemoApi, channels: readonly Channel[]): Promise<void> {
  for (const { id } of channels) await api.delete(`/channels/${id}`);
}

/** Waits until a job has ended. @throws StartError where it failed as a whole */
export async function finished(api: DemoApi, jobId: string, signal: AbortSignal): Promise<Job> {
  const job = await until(async () => {
    const found = await api.get<Job>(`/jobs/${jobId}`);
    return found.state === 'queued' || found.state === 'running' ? null : found;
  }, signal);
  if (!job || job.state === 'failed') throw new StartError(`The job ${jobId} ${job ? `failed: ${job.state_reason ?? 'no reason given'}` : 'did not end in time'}.`);
  return job;
}

/** Asks until there is an answer; null: not in time. */
export async function until<T>(ask: () => Promise<T | null>, signal: AbortSignal, patienceMs = PATIENCE_MS): Promise<T | null> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline && !signal.aborted) {
    const answer = await ask();
    if (answer !== null) return answer;
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

/** A buyer in TikTok's shop, by the sandbox's control API: who pays two seconds later. @returns the order's id */
export async function buy(sandboxUrl: string, shopId: string, buyer: string, note: string): Promise<string> {
  const response = await fetch(`${sandboxUrl}/control/shop/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ shop_id: shopId, buyer, buyer_message: note }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  if (!response.ok) throw new StartError(`The sandbox does not let ${buyer} buy: ${response.status} ${text}`);
  return (JSON.parse(text) as { orders: { id: string }[] }).orders[0]!.id;
}
