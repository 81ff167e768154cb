import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface ChatMetrics {
  sockets: Gauge;
  stored: Counter;
  refused: Counter<'code'>;
  batchSize: Histogram;
  storeSeconds: Histogram;
  /** Sockets that were cut because they did not read. */
  slowReaders: Counter;
}

/** Metrics of the chat of one API process. */
export function createChatMetrics(registry: Registry): ChatMetrics {
  const registers = [registry];
  return {
    sockets: new Gauge({ name: 'showrunner_chat_sockets', help: 'Open sockets of the chat.', registers }),
    stored: new Counter({ name: 'showrunner_chat_messages_total', help: 'Chat messages that were stored.', registers }),
    refused: new Counter({ name: 'showrunner_chat_refused_total', help: 'What sockets asked for and were refused, by code.', labelNames: ['code'] as const, registers }),
    batchSize: new Histogram({ name: 'showrunner_chat_batch_messages', help: 'Chat messages stored by one statement.', buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500], registers }),
    storeSeconds: new Histogram({
      name: 'showrunner_chat_store_seconds',
      help: 'From the arrival of a chat message to its commit.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    slowReaders: new Counter({ name: 'showrunner_chat_slow_readers_total', help: 'Sockets that were cut because they did not read what was sent.', registers }),
  };
}
