import { createServer } from 'node:http';
import { Connection } from 'rabbitmq-client';
import type { ShopMessage } from '../../domain/contracts/shop-message.ts';
import { formatMoney } from '../../domain/shop/money.ts';
import type { Listener } from './listeners.ts';

export interface MessageSource extends Listener {
  /** For people: where the messages come from. */
  name: string;
}

/** A system beside Showrunner: a queue of its own on its exchanges, gone with this connection. */
export async function consumeFromRabbit(url: string, exchanges: readonly string[], take: (message: ShopMessage) => void): Promise<MessageSource> {
  const connection = new Connection({ url, connectionName: 'showrunner-demo' });
  connection.on('error', () => undefined);
  await connection.onConnect(10_000);
  const consumer = connection.createConsumer(
    {
      queue: '',
      queueOptions: { exclusive: true },
      exchanges: exchanges.map((exchange) => ({ exchange, type: 'topic', durable: true })),
      queueBindings: exchanges.map((exchange) => ({ exchange, routingKey: '#' })),
    },
    (message) => {
      take(message.body as ShopMessage);
    },
  );
  await new Promise<void>((resolve) => consumer.once('ready', resolve));
  return {
    name: 'RabbitMQ',
    async close() {
      await consumer.close();
      await connection.close();
    },
  };
}

/** An order service: takes Showrunner's signed callbacks on a port of this machine. */
export async function takeCallbacks(port: number, take: (message: ShopMessage) => void): Promise<MessageSource & { url: string }> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      take(JSON.parse(Buffer.concat(parts).toString('utf8')) as ShopMessage);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    name: 'signed callbacks',
    url: `http://127.0.0.1:${bound}/orders`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** One line of what another system was told. */
export function describeMessage(message: ShopMessage, latencyMs: number): string {
  const after = `${Math.max(0, Math.round(latencyMs))} ms`.padStart(8);
  if (message.type === 'product') return `▸ product.${message.change.padEnd(11)}${after}  ${message.product.title} (${message.product.status})`;
  const { order_id, status, total, line_items } = message.order;
  const sum = total ? `, ${formatMoney(total)} ${total.currency}` : '';
  return `▸ order.${message.change.padEnd(13)}${after}  ${order_id} ${status}, ${line_items.length} unit${line_items.length === 1 ? '' : 's'}${sum}`;
}
