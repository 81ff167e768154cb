import { createRecentCache } from '../../activities/actions/recent-cache.ts';
import { callBack } from '../../activities/shop/messages/call-back.ts';
import { createCallbackAlert } from '../../activities/shop/messages/callback-alert.ts';
import { publishOutbox } from '../../activities/shop/messages/publish-outbox.ts';
import { createTakeInventory } from '../../activities/shop/messages/take-inventory.ts';
import { createWake, type Wake } from '../../activities/shop/messages/wake.ts';
import { createFeedNotifier } from '../../db/feed-notifier.ts';
import { createLeadership } from '../../db/leadership.ts';
import { createListener } from '../../db/listener.ts';
import { findWebhookSecret } from '../../db/workspace.repository.ts';
import { AppError } from '../../domain/errors.ts';
import { CHANNELS } from '../../domain/names.ts';
import { createMessageCallback } from '../../messaging/message-callback.ts';
import { createOutgoingHttp } from '../../messaging/outgoing-http.ts';
import { createRabbitConsumer } from '../../messaging/rabbitmq-consumer.ts';
import { createRabbitPublisher } from '../../messaging/rabbitmq-publisher.ts';
import { addMessageMetrics } from './message-metrics.ts';
import type { ShopContext, ShopPart } from './parts.ts';

const SECRET_FRESH_MS = 10_000;
/** What is under way when the process stops may still be confirmed within this. */
const GRACE_MS = 3_000;

interface Running {
  wake?: Wake;
  close(): Promise<void>;
}

/** Messages to and from other systems: to RabbitMQ and ORDER_SERVICE_URL, from the inventory queue. All off where neither is set. */
export function createMessagesPart(shop: ShopContext): ShopPart {
  const { AMQP_URL, ORDER_SERVICE_URL } = shop.context.env;
  const running: Running[] = [];
  const ways = [...(AMQP_URL === undefined ? [] : (['amqp'] as const)), ...(ORDER_SERVICE_URL === undefined ? [] : (['http'] as const))];
  if (ways.length > 0) addMessageMetrics(shop.context.metrics.registry, shop.context.database.db, ways);
  return {
    activities: {},
    started() {
      if (AMQP_URL !== undefined) running.push(publishing(shop, AMQP_URL), inventory(shop, AMQP_URL));
      if (ORDER_SERVICE_URL !== undefined) running.push(callbacks(shop, ORDER_SERVICE_URL));
      const wakes = running.flatMap(({ wake }) => wake ?? []);
      if (wakes.length > 0) running.push(hints(shop, wakes));
      return Promise.resolve();
    },
    async close() {
      await Promise.all(running.map((part) => part.close()));
    },
  };
}

/** Tells all that there are new messages, as soon as they are committed. */
const hints = ({ log, context }: ShopContext, wakes: readonly Wake[]): Running =>
  createListener({
    url: context.databaseUrl,
    channels: [CHANNELS.outbox],
    onNotice: () => wakes.forEach((wake) => wake.wake()),
    onConnected: () => wakes.forEach((wake) => wake.wake()),
    onError: (error) => log.warn({ err: error }, 'what tells of new messages lost its connection; they are looked for each second'),
  });

function publishing({ log, context }: ShopContext, url: string): Running {
  const { env, databaseUrl } = context;
  const wake = createWake();
  const reconnected = createWake();
  const names = {
    order: { exchange: env.ORDER_EXCHANGE_NAME, queue: env.ORDER_QUEUE_NAME },
    product: { exchange: env.PRODUCT_EXCHANGE_NAME, queue: env.PRODUCT_QUEUE_NAME },
  };
  const rabbit = createRabbitPublisher({
    url,
    topology: [names.order, names.product].map((name) => ({ ...name, pattern: '#' })),
    logger: log,
    onConnected: () => reconnected.wake(),
  });
  const deps = {
    rabbit,
    exchanges: { order: names.order.exchange, product: names.product.exchange },
    httpIsOff: env.ORDER_SERVICE_URL === undefined,
    wake,
    reconnected,
    logger: log,
  };
  const leadership = createLeadership({
    url: databaseUrl,
    name: 'outbox-amqp',
    lead: (session, signal) => publishOutbox(deps, session, signal),
    onError: (error) => log.warn({ err: error }, 'the outbox publisher lost its connection to PostgreSQL'),
  });
  return { wake, close: () => closeInTime(leadership.close(), () => rabbit.close()) };
}

function callbacks({ log, context }: ShopContext, url: string): Running {
  const { env, databaseUrl, database, secrets } = context;
  const wake = createWake();
  // The operator's own setting, not a member's: private addresses are what it is for.
  const http = createOutgoingHttp({ allowPrivate: true });
  const secretOf = createRecentCache(async (workspaceId) => {
    const sealed = await findWebhookSecret(database.db, workspaceId);
    if (sealed === undefined) throw new AppError('not_found', `workspace ${workspaceId}`);
    return secrets.open(sealed);
  }, SECRET_FRESH_MS);
  const feed = createFeedNotifier(database.pool);
  const deps = {
    send: createMessageCallback({ http, url, secretOf: (workspaceId) => secretOf.get(workspaceId) }),
    amqpIsOff: env.AMQP_URL === undefined,
    wake,
    alert: createCallbackAlert({ pool: database.pool, hint: (workspaceId) => feed.hint(workspaceId), logger: log }),
    logger: log,
  };
  const leadership = createLeadership({
    url: databaseUrl,
    name: 'outbox-http',
    lead: (session, signal) => callBack(deps, session, signal),
    onError: (error) => log.warn({ err: error }, 'what calls the order service lost its connection to PostgreSQL'),
  });
  return { wake, close: () => closeInTime(leadership.close(), () => http.close()) };
}

const inventory = ({ log, context, workflows }: ShopContext, url: string): Running => {
  const { INVENTORY_EXCHANGE_NAME: exchange, INVENTORY_QUEUE_NAME: queue } = context.env;
  return createRabbitConsumer({ url, exchange, queue, handle: createTakeInventory({ db: context.database.db, workflows, queue }), logger: log });
};

/** Lets the work end; cuts its way out where it does not in time, which ends it too. */
async function closeInTime(ended: Promise<void>, cut: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([ended, new Promise((resolve) => (timer = setTimeout(resolve, GRACE_MS)))]);
  clearTimeout(timer);
  await cut();
  await ended;
}
