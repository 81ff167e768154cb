import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Aedes } from 'aedes';

export interface TestBroker {
  url: string;
  port: number;
  /** Messages of clients, in order. */
  messages: { topic: string; payload: string; retain: boolean }[];
  /** Breaks every connection and frees the port. Idempotent. */
  stop(): Promise<void>;
}

/** An aedes broker (MQTT 3.1.1 only) on a port of its own, or on the one given. */
export async function startAedes(port = 0): Promise<TestBroker> {
  const broker = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  const messages: TestBroker['messages'] = [];
  broker.on('publish', (packet, client) => {
    if (client) messages.push({ topic: packet.topic, payload: packet.payload.toString(), retain: packet.retain });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const actual = (server.address() as AddressInfo).port;
  let stopping: Promise<void> | null = null;
  return {
    url: `mqtt://127.0.0.1:${actual}`,
    port: actual,
    messages,
    stop: () =>
      (stopping ??= (async () => {
        sockets.forEach((socket) => socket.destroy());
        await new Promise<void>((resolve) => server.close(() => resolve()));
        await new Promise<void>((resolve) => broker.close(() => resolve()));
      })()),
  };
}
