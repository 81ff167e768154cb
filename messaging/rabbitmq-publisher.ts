import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { Connection, type Channel } from 'rabbitmq-client';
import { closeRabbit, connectionOptions, faultOf, type RabbitLog } from './rabbitmq.ts';

export interface ExchangeAndQueue {
  exchange: string;
  queue: string;
  /** Which routing keys the queue is bound with. */
  pattern: string;
}

export interface OutgoingMessage {
  message_id: string;
  exchange: string;
  routing_key: string;
  /** Messages with the same key are sent one after the other, each when the one before is confirmed. */
  key: string;
  /** AMQP's correlation-id. */
  correlation_id: string;
  type: string;
  /** Epoch milliseconds; AMQP keeps seconds. */
  timestamp_ms: number;
  headers: { [name: string]: string | number };
  /** JSON. */
  body: string;
}

export interface PublishReport {
  /** message_id of those that RabbitMQ has on disk. */
  confirmed: string[];
  /** Why the others are not; null: all are. */
  fault: string | null;
}

export interface RabbitPublisher {
  /** Never rejects. What is not confirmed may have arrived all the same. None: the channel is opened, where RabbitMQ answers. */
  publish(messages: readonly OutgoingMessage[]): Promise<PublishReport>;
  /** Idempotent. */
  close(): Promise<void>;
}

export interface RabbitPublisherOptions {
  url: string;
  /** Asserted with every new channel: durable topic exchanges, durable queues. */
  topology: readonly ExchangeAndQueue[];
  logger: RabbitLog;
  /** After each (re)connect. */
  onConnected?: () => void;
  /** Without any confirm for so long the channel is given up, milliseconds. */
  stallMs?: number;
}

/** A broker that is there has closed a channel within this. */
const CLOSE_MS = 2_000;

/** Publishes persistent messages with publisher confirms. A fault ends the channel; the next publish makes a new one. */
export function createRabbitPublisher({ url, topology, logger, onConnected, stallMs = 15_000 }: RabbitPublisherOptions): RabbitPublisher {
  const connection = new Connection(connectionOptions(url, 'showrunner-outbox'));
  connection.on('error', (error: unknown) => logger.warn({ err: error }, 'RabbitMQ is away; messages wait'));
  connection.on('connection', () => onConnected?.());
  const returned = new Map<string, string>();
  let current: Channel | null = null;
  let closing: Promise<void> | null = null;

  const open = async (): Promise<Channel> => {
    if (current?.active) return current;
    const channel = await connection.acquire();
    channel.on('basic.return', ({ messageId, replyText }: { messageId?: string; replyText: string }) => messageId && returned.set(messageId, replyText));
    try {
      for (const { exchange, queue, pattern } of topology) {
        await channel.exchangeDeclare({ exchange, type: 'topic', durable: true });
        await channel.queueDeclare({ queue, durable: true });
        await channel.queueBind({ exchange, queue, routingKey: pattern });
      }
      await channel.confirmSelect();
    } catch (error) {
      await channel.close();
      throw error;
    }
    return (current = channel);
  };

  return {
    async publish(messages) {
      let channel: Channel;
      try {
        channel = await open();
      } catch (error) {
        return { confirmed: [], fault: faultOf(error) };
      }
      const report = await inLanes(channel, messages, returned, stallMs);
      if (report.fault !== null) {
        // A new channel asserts the topology again, and nothing of this one can arrive after what goes over the next.
        current = null;
        await Promise.race([channel.close(), delay(CLOSE_MS, undefined, { ref: false })]);
        returned.clear();
      }
      return report;
    },
    close: () => (closing ??= closeRabbit(connection, async () => current?.close())),
  };
}

/** Keys side by side; within a key one after the other, and none after one that failed. */
async function inLanes(channel: Channel, messages: readonly OutgoingMessage[], returned: Map<string, string>, stallMs: number): Promise<PublishReport> {
  const report: PublishReport = { confirmed: [], fault: null };
  const watch = watchChannel(channel, stallMs);
  const lane = async (ofKey: readonly OutgoingMessage[]): Promise<void> => {
    for (const message of ofKey) {
      const fault = await Promise.race([send(channel, message), watch.lost]);
      // The return comes before the confirm, but is told one turn later.
      await nextTurn();
      const unroutable = returned.get(message.message_id);
      returned.delete(message.message_id);
      if (fault !== null || unroutable !== undefined) {
        report.fault ??= fault ?? `RabbitMQ returned ${message.routing_key} of exchange ${message.exchange}: ${unroutable}`;
        return;
      }
      watch.progress();
      report.confirmed.push(message.message_id);
    }
  };
  await Promise.all(byKey(messages).map(lane));
  watch.end();
  return report;
}

function byKey(messages: readonly OutgoingMessage[]): OutgoingMessage[][] {
  const lanes = new Map<string, OutgoingMessage[]>();
  for (const message of messages) {
    const lane = lanes.get(message.key);
    if (lane) lane.push(message);
    else lanes.set(message.key, [message]);
  }
  return [...lanes.values()];
}

const send = (channel: Channel, message: OutgoingMessage): Promise<string | null> =>
  channel
    .basicPublish(
      {
        exchange: message.exchange,
        routingKey: message.routing_key,
        mandatory: true,
        durable: true,
        messageId: message.message_id,
        correlationId: message.correlation_id,
        type: message.type,
        timestamp: Math.floor(message.timestamp_ms / 1_000),
        contentType: 'application/json',
        appId: 'showrunner',
        headers: message.headers,
      },
      Buffer.from(message.body),
    )
    .then(() => null, faultOf);

/** The library forgets a confirm that was still being asked for when the channel broke, so the channel itself is watched. */
function watchChannel(channel: Channel, stallMs: number): { lost: Promise<string>; progress: () => void; end: () => void } {
  let tell: (fault: string) => void = () => undefined;
  const lost = new Promise<string>((resolve) => (tell = resolve));
  const onClose = (): void => tell('The channel to RabbitMQ broke.');
  const timer = setTimeout(() => tell(`RabbitMQ confirmed nothing for ${stallMs} ms.`), stallMs);
  channel.once('close', onClose);
  if (!channel.active) onClose();
  return {
    lost,
    progress: () => timer.refresh(),
    end: () => {
      clearTimeout(timer);
      channel.removeListener('close', onClose);
    },
  };
}
