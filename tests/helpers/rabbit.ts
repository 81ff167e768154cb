import { randomUUID } from 'node:crypto';
import { describe } from '@jest/globals';
import { Connection, type AsyncMessage } from 'rabbitmq-client';
import { eventually } from './eventually.ts';

/** Empty where nothing answers; CI demands it (tests/helpers/global-setup.ts). */
export const RABBIT_URL = process.env.TEST_AMQP_URL ?? '';
export const describeWithRabbit = RABBIT_URL ? describe : describe.skip;

/** A connection of the test's own, and names that nobody else has; all of them are deleted at the end. */
export class TestRabbit {
  readonly connection = new Connection({ url: RABBIT_URL, connectionName: 'test' });
  readonly prefix = `test.${randomUUID()}`;
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #names = new Set<string>();

  constructor() {
    // Whatever breaks shows in what the test waits for.
    this.connection.on('error', () => undefined);
  }

  /** For an exchange and a queue at once. */
  name(what: string): string {
    const name = `${this.prefix}.${what}`;
    this.#names.add(name);
    return name;
  }

  /** The settings of a worker with names of this test. */
  env(url = RABBIT_URL): Record<string, string> {
    const [orders, products, inventory] = [this.name('orders'), this.name('products'), this.name('inventory')];
    return {
      AMQP_URL: url,
      ORDER_EXCHANGE_NAME: orders,
      ORDER_QUEUE_NAME: orders,
      PRODUCT_EXCHANGE_NAME: products,
      PRODUCT_QUEUE_NAME: products,
      INVENTORY_EXCHANGE_NAME: inventory,
      INVENTORY_QUEUE_NAME: inventory,
    };
  }

  /** Everything that comes to a queue from now on, taken at once. */
  async collect(queue: string): Promise<AsyncMessage[]> {
    const received: AsyncMessage[] = [];
    const consumer = this.connection.createConsumer({ queue, queueOptions: { durable: true } }, (message) => void received.push(message));
    consumer.on('error', () => undefined);
    this.#closers.push(() => consumer.close());
    await new Promise<void>((resolve) => consumer.once('ready', () => resolve()));
    return received;
  }

  /** Messages that lie in a queue; undefined where it does not exist. */
  count(queue: string): Promise<number | undefined> {
    return this.connection.queueDeclare({ queue, passive: true }).then(
      ({ messageCount }) => messageCount,
      () => undefined,
    );
  }

  async publish(exchange: string, body: unknown, envelope: object = {}): Promise<void> {
    const publisher = this.connection.createPublisher({ confirm: true });
    await publisher.send({ exchange, routingKey: 'test', durable: true, ...envelope }, body);
    await publisher.close();
  }

  /** Waits until the product has asserted a queue. */
  asserted(queue: string): Promise<unknown> {
    return eventually(async () => (await this.count(queue)) !== undefined);
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
    for (const name of this.#names) {
      await this.connection.queueDelete({ queue: name });
      await this.connection.queueDelete({ queue: `${name}.dead` });
      await this.connection.exchangeDelete({ exchange: name });
    }
    await this.connection.close();
  }
}
