import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import mqtt from 'mqtt';

export interface Listener {
  close(): Promise<void>;
}

/** A receiver of webhooks on a free port of this machine. */
export async function receiveWebhooks(take: (body: string) => void): Promise<Listener & { url: string }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      take(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/gifts`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The lamp: a subscriber at the broker, as any device is. */
export async function subscribeLamp(url: string, topic: string, take: (message: { state: string; why: string | null; received_at: string | null }) => void): Promise<Listener> {
  const client = await mqtt.connectAsync(url, { username: process.env.MQTT_USERNAME, password: process.env.MQTT_PASSWORD, connectTimeout: 10_000 }, false);
  client.on('message', (_topic, payload) => take(JSON.parse(payload.toString('utf8')) as { state: string; why: string | null; received_at: string | null }));
  await client.subscribeAsync(topic, { qos: 1 });
  return { close: () => client.endAsync(true) };
}
