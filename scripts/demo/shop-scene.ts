import { randomBytes } from 'node:crypto';
import { StartError } from '../supervisor/start-error.ts';
import type { DemoApi } from './api.ts';
import { consentOfSeller } from './consent.ts';
import { until } from './until.ts';

const LAMPS = ['Desk lamp', 'Garden lantern', 'Rose mug', 'Ring light'];

export interface Channel {
  channel_uid: string;
  shop_id: string;
  name: string;
  region: string;
}
interface Job {
  state: string;
  state_reason: string | null;
  done: number;
  calls: number;
}
export interface Order {
  order_id: string;
  status: string;
  delivery_option_id: string | null;
}

/** A seller with a shop of their own in the sandbox: a shop is in one workspace at a time, and this demo may have run before. @returns the seller's open_id */
export async function openShop(sandboxUrl: string): Promise<string> {
  const name = `Nordlicht Lamps ${randomBytes(2).toString('hex')}`;
  const { id, seller } = await control<{ id: string; seller: { open_id: string } }>(sandboxUrl, '/shops', { name, region: 'GB', seller: name });
  for (const title of LAMPS) await control(sandboxUrl, '/products', { shop_id: id, title, quantity: 50 });
  return seller.open_id;
}

export async function connectShop(api: DemoApi, apiUrl: string, seller: string): Promise<Channel> {
  await consentOfSeller(apiUrl, api.token, seller);
  const { items } = await api.get<{ items: Channel[] }>('/channels');
  if (!items[0]) throw new StartError('TikTok Shop’s sandbox gave its consent, and no shop came of it.');
  return items[0];
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

/** A buyer in TikTok's shop, by the sandbox's control API: who pays two seconds later. @returns the order's id */
export async function buy(sandboxUrl: string, shopId: string, buyer: string, note: string): Promise<string> {
  const { orders } = await control<{ orders: { id: string }[] }>(sandboxUrl, '/orders', { shop_id: shopId, buyer, buyer_message: note });
  return orders[0]!.id;
}

/** The sandbox's control API, in TikTok's place. */
async function control<T = unknown>(sandboxUrl: string, path: string, body: object): Promise<T> {
  const response = await fetch(`${sandboxUrl}/control/shop${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  if (!response.ok) throw new StartError(`The sandbox refused ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}
