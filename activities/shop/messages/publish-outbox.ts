import type pg from 'pg';
import { listUnpublished, markPublished, settleWithoutHttp, type WaitingMessage } from '../../../db/outbox-publishing.repository.ts';
import { routeOf } from '../../../domain/shop/message-routing.ts';
import type { ShopMessage } from '../../../domain/contracts/shop-message.ts';
import type { OutgoingMessage, RabbitPublisher } from '../../../messaging/rabbitmq-publisher.ts';
import type { Wake } from './wake.ts';

export interface PublishOutboxDeps {
  rabbit: Pick<RabbitPublisher, 'publish'>;
  /** Exchange of each type. */
  exchanges: Readonly<Record<ShopMessage['type'], string>>;
  httpIsOff: boolean;
  /** There are new messages. */
  wake: Wake;
  /** RabbitMQ is back: no use to wait any longer. */
  reconnected: Wake;
  logger: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
}

const BATCH = 500;
/** The hint of the commit may be lost. */
const POLL_MS = 1_000;
const RETRY_MS = { first: 100, longest: 5_000 } as const;

/** Sends what waits in the outbox to RabbitMQ until `signal` is aborted. @throws where `session` breaks */
export async function publishOutbox({ rabbit, exchanges, httpIsOff, wake, reconnected, logger }: PublishOutboxDeps, session: pg.Client, signal: AbortSignal): Promise<void> {
  let faults = 0;
  if (httpIsOff) await settleWithoutHttp(session);
  while (!signal.aborted) {
    const waiting = await listUnpublished(session, BATCH);
    if (waiting.length === 0) {
      // Exchanges and queues are there from the connect on, so that others can bind to them before the first message.
      await rabbit.publish([]);
      await wake.wait(POLL_MS, signal);
      continue;
    }
    const { confirmed, fault } = await rabbit.publish(waiting.map((message) => envelope(message, exchanges)));
    if (confirmed.length > 0) await markPublished(session, confirmed, httpIsOff);
    if (fault === null) {
      if (faults > 0) logger.info({ published: confirmed.length }, 'RabbitMQ takes messages again');
      faults = 0;
      continue;
    }
    if (faults === 0) logger.warn({ reason: fault, confirmed: confirmed.length, waiting: waiting.length }, 'RabbitMQ did not take all messages; those that wait are sent again, in their order');
    await reconnected.wait(Math.min(RETRY_MS.first * 2 ** Math.min(faults++, 10), RETRY_MS.longest), signal);
  }
}

function envelope({ message_id, key, body }: WaitingMessage, exchanges: PublishOutboxDeps['exchanges']): OutgoingMessage {
  const { routing_key, subject, headers } = routeOf(body);
  return {
    message_id,
    key,
    exchange: exchanges[body.type],
    routing_key,
    correlation_id: subject,
    type: routing_key,
    timestamp_ms: Date.parse(body.occurred_at),
    headers,
    body: JSON.stringify(body),
  };
}
