import { setTimeout as delay } from 'node:timers/promises';
import { Connection, ConsumerStatus, type AsyncMessage } from 'rabbitmq-client';
import { closeRabbit, connectionOptions, faultOf, type RabbitLog } from './rabbitmq.ts';

export interface ReceivedMessage {
  /** UTF-8. JSON that the sender called so is written anew: the same content, not always the same bytes. */
  text: string;
  /** AMQP's message-id. */
  message_id: string | null;
  /** AMQP's timestamp, epoch milliseconds; a sender's own clock, whole seconds. */
  sent_at_ms: number | null;
}

/** dead: it can never be taken, and goes to the dead-letter queue with the reason. */
export type Verdict = { kind: 'taken' } | { kind: 'dead'; code: string; reason: string };

export interface RabbitConsumerOptions {
  url: string;
  /** Durable and topic; asserted with every (re)connect, as are the queue, its binding with # and `<queue>.dead`. */
  exchange: string;
  queue: string;
  /** Acknowledged when it has resolved; where it rejects the message goes back into the queue. */
  handle: (message: ReceivedMessage) => Promise<Verdict>;
  logger: RabbitLog;
  /** Messages that RabbitMQ hands over ahead; they are handled one at a time. */
  prefetch?: number;
  /** Wait after a rejection, milliseconds; doubles with each in a row up to the longest. */
  pauseMs?: { first: number; longest: number };
}

export interface RabbitConsumer {
  /** Lets the message in hand end. Idempotent. */
  close(): Promise<void>;
}

const MAX_REASON_CHARS = 1_000;
const CONFIRM_MS = 15_000;

export const deadLetterQueue = (queue: string): string => `${queue}.dead`;

/** Reads a queue, at least once: a message is acknowledged only when it was taken, or is safe in the dead-letter queue. */
export function createRabbitConsumer(options: RabbitConsumerOptions): RabbitConsumer {
  const { url, exchange, queue, handle, logger, prefetch = 10, pauseMs = { first: 500, longest: 10_000 } } = options;
  const dead = deadLetterQueue(queue);
  const connection = new Connection(connectionOptions(url, 'showrunner-inventory'));
  connection.on('error', (error: unknown) => logger.warn({ err: error }, 'RabbitMQ is away; inventory messages wait there'));
  const graveyard = connection.createPublisher({ confirm: true, queues: [{ queue: dead, durable: true }] });
  const stop = new AbortController();
  let failures = 0;
  let closing: Promise<void> | null = null;

  const bury = async (message: AsyncMessage, { text, message_id }: ReceivedMessage, code: string, reason: string): Promise<void> => {
    // Not the sender's own: CC and BCC among them would send it elsewhere.
    const headers = { 'x-code': code, 'x-reason': reason.slice(0, MAX_REASON_CHARS), 'x-queue': queue, 'x-routing-key': message.routingKey };
    const envelope = { routingKey: dead, durable: true, headers, ...(message.contentType ? { contentType: message.contentType } : {}), ...(message_id ? { messageId: message_id } : {}) };
    await inTime(graveyard.send(envelope, Buffer.isBuffer(message.body) ? message.body : Buffer.from(text)), CONFIRM_MS);
  };

  const take = async (message: AsyncMessage): Promise<ConsumerStatus> => {
    const received = read(message);
    try {
      const verdict = await handle(received);
      if (verdict.kind === 'dead') {
        await bury(message, received, verdict.code, verdict.reason);
        logger.warn({ message_id: received.message_id, code: verdict.code, reason: verdict.reason, queue: dead }, 'a message went to the dead-letter queue');
      }
      failures = 0;
      return ConsumerStatus.ACK;
    } catch (error) {
      if (failures === 0) logger.warn({ err: error, message_id: received.message_id, reason: faultOf(error) }, 'a message can not be taken now; it goes back into the queue');
      const pause = Math.min(pauseMs.first * 2 ** Math.min(failures++, 10), pauseMs.longest);
      await delay(pause, undefined, { signal: stop.signal }).catch(() => undefined);
      return ConsumerStatus.REQUEUE;
    }
  };

  const consumer = connection.createConsumer(
    {
      queue,
      queueOptions: { durable: true },
      exchanges: [{ exchange, type: 'topic', durable: true }],
      queueBindings: [{ exchange, queue, routingKey: '#' }],
      qos: { prefetchCount: prefetch },
      concurrency: 1,
    },
    take,
  );
  consumer.on('error', (error: unknown) => logger.warn({ err: error, queue }, 'the consumer of RabbitMQ begins anew'));
  return {
    close() {
      stop.abort();
      return (closing ??= closeRabbit(connection, async () => {
        await consumer.close();
        await graveyard.close();
      }));
    },
  };
}

function read({ body, contentType, contentEncoding, messageId, timestamp }: AsyncMessage): ReceivedMessage {
  // The library has parsed what says that it is JSON.
  const isParsed = !Buffer.isBuffer(body) && contentType === 'application/json' && !contentEncoding;
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : isParsed ? JSON.stringify(body) : String(body);
  return { text, message_id: messageId ?? null, sent_at_ms: timestamp === undefined ? null : timestamp * 1_000 };
}

/** The library forgets a confirm that was still being asked for when the channel broke. */
async function inTime(sent: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error(`RabbitMQ did not confirm within ${ms} ms.`)), ms)));
  try {
    await Promise.race([sent, late]);
  } finally {
    clearTimeout(timer);
  }
}
