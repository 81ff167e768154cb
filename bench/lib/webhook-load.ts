import { createHmac, randomInt } from 'node:crypto';
import { Agent, request } from 'node:http';

/** What the load generator is told on its command line, as JSON. */
export interface WebhookLoad {
  url: string;
  app: { app_key: string; app_secret: string };
  shop_id: string;
  seconds: number;
  /** Webhooks a second; null: as many as `connections` take, one after the other. */
  rate: number | null;
  connections: number;
  /** Share of webhooks that were sent before, 0 to 1. */
  duplicates: number;
}

export interface WebhookLoadResult {
  statuses: Record<string, number>;
  unique: number;
  seconds: number;
  /** From the moment at which each was due, so that a server that stalls is not spared; milliseconds. */
  latencies: number[];
}

const MOST_LATENCIES = 200_000;

/** Sends signed webhooks. At a rate they are due by the clock, whether the answers come or not. */
export async function sendWebhooks({ url, app, shop_id, seconds, rate, connections, duplicates }: WebhookLoad): Promise<WebhookLoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  const run = Date.now() * 1_000;
  const sent: string[] = [];
  let unique = 0;

  const nextBody = (): string => {
    if (sent.length > 0 && Math.random() < duplicates) return sent[randomInt(sent.length)]!;
    unique += 1;
    const now = Math.floor(Date.now() / 1_000);
    const data = { order_id: String(576_653_688_135_000_000n + BigInt(unique)), order_status: 'AWAITING_SHIPMENT', is_on_hold_order: false, update_time: now };
    const body = JSON.stringify({ type: 1, tts_notification_id: `${run}${unique}`, shop_id, timestamp: now, data });
    if (sent.length < 1_000) sent.push(body);
    return body;
  };
  const post = (due: number): Promise<void> =>
    new Promise((resolve) => {
      const body = nextBody();
      const authorization = createHmac('sha256', app.app_secret).update(app.app_key).update(body).digest('hex');
      const end = (status: string): void => {
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (latencies.length < MOST_LATENCIES) latencies.push(performance.now() - due);
        resolve();
      };
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), authorization };
      request(url, { method: 'POST', agent, headers, timeout: 10_000 }, (response) => response.resume().on('end', () => end(String(response.statusCode))))
        .on('error', ({ message }) => end(message))
        .end(body);
    });

  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  if (rate === null) {
    const lane = async (): Promise<void> => {
      while (performance.now() < until) await post(performance.now());
    };
    await Promise.all(Array.from({ length: connections }, lane));
  } else {
    const open: Promise<void>[] = [];
    for (let index = 0; index < rate * seconds; ) {
      const dueNow = Math.min(rate * seconds, Math.floor(((performance.now() - startedAt) / 1_000) * rate));
      for (; index < dueNow; index += 1) open.push(post(startedAt + (index / rate) * 1_000));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all(open);
  }
  const took = (performance.now() - startedAt) / 1_000;
  agent.destroy();
  return { statuses, unique, seconds: took, latencies };
}

if (process.argv[1]?.endsWith('webhook-load.ts')) process.send!(await sendWebhooks(JSON.parse(process.argv[2]!) as WebhookLoad));
