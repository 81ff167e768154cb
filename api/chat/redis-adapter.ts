import { createAdapter } from '@socket.io/redis-streams-adapter';
import { createClient, type RedisClientType } from 'redis';
import { newId } from '../../db/ids.ts';

export interface SharedRooms {
  client: RedisClientType;
  /** For the Server's option `adapter`. */
  adapter: ReturnType<typeof createAdapter>;
  /** Makes the adapter fit for a Redis that goes away; call it once with the namespace's adapter. */
  harden(adapter: object): void;
  /** Reads what other processes write. Never rejects. */
  ready: Promise<void>;
  close(): Promise<void>;
}

export interface SharedRoomsOptions {
  url: string;
  onError: (error: unknown) => void;
  /** Redis is there again, and reading goes on: something may have been missed. */
  onBack: () => void;
}

/** The stream of our chat in Redis; other users of Socket.IO may share the server. */
const STREAM = 'showrunner:chat';
/** Entries that the stream keeps, which is what a recovered connection can be given. */
const MAX_ENTRIES = 20_000;
/** Longer than Redis takes; with it gone, the sockets of this process must not wait for the others. */
const PUBLISH_MS = 1_000;
const TICK = 'tick';
/** As the adapter writes it: MessageType.BROADCAST. */
export const TYPE_BROADCAST = '3';
const TICK_EVERY_MS = 5_000;
const FIRST_TICKS_MS = 100;

/** What we touch of the adapter; its class is not exported. */
interface StreamsAdapter {
  doPublish(message: unknown): Promise<string>;
  onRawMessage(message: Record<string, string>, offset: string): void;
}

/**
 * Rooms shared by API processes through a Redis Stream. The adapter reads on from the last entry that it saw, and until it has
 * seen one from "now" each time it asks: ticks give it a first entry, and show that it reads.
 */
export function createSharedRooms({ url, onError, onBack }: SharedRoomsOptions): SharedRooms {
  const client = createClient({
    url,
    pingInterval: 10_000,
    socket: { connectTimeout: 5_000, socketTimeout: 30_000, reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, 5_000) },
  }) as RedisClientType;
  let wasAway = false;
  let closed = false;
  client.on('error', (error) => {
    wasAway = true;
    if (!closed) onError(error);
  });
  void client.connect().catch(onError);
  forgive(client, onError);
  const readers = followDuplicates(client, onError);

  const self = newId();
  let sawTick: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (sawTick = resolve));
  let ticks: NodeJS.Timeout;
  let interval = FIRST_TICKS_MS;
  const tick = (): void => {
    ticks = setTimeout(() => {
      if (client.isReady) client.xAdd(STREAM, '*', { nsp: '/', uid: self, type: TICK }, { TRIM: { strategy: 'MAXLEN', strategyModifier: '~', threshold: MAX_ENTRIES } }).catch(onError);
      if (!closed) tick();
    }, interval);
    ticks.unref();
  };
  tick();

  const seen = (uid: string | undefined): void => {
    if (uid !== self) return;
    interval = TICK_EVERY_MS;
    sawTick();
    if (wasAway) onBack();
    wasAway = false;
  };

  return {
    client,
    adapter: createAdapter(client, { streamName: STREAM, channelPrefix: STREAM, sessionKeyPrefix: `${STREAM}:session:`, maxLen: MAX_ENTRIES, readCount: 500, blockTimeInMs: 2_000, onlyPlaintext: true }),
    harden(given) {
      const adapter = given as StreamsAdapter;
      const publish = adapter.doPublish.bind(adapter);
      adapter.doPublish = (message) => {
        if (client.isReady) return within(PUBLISH_MS, publish(message));
        wasAway = true;
        return Promise.reject(new Error('Redis does not answer'));
      };
      const read = adapter.onRawMessage.bind(adapter);
      adapter.onRawMessage = (message, offset) => (message.type === TICK ? seen(message.uid) : read(message, offset));
    },
    ready,
    async close() {
      closed = true;
      clearTimeout(ticks);
      readers.end();
      await within(PUBLISH_MS, client.close()).catch(() => client.destroy());
    },
  };
}

/** The adapter does not wait for these, so nobody would catch what they reject with. */
function forgive(client: RedisClientType, onError: (error: unknown) => void): void {
  for (const name of ['set', 'publish'] as const) {
    const call = client[name].bind(client) as (...args: unknown[]) => Promise<unknown>;
    Object.assign(client, { [name]: (...args: unknown[]) => call(...args).catch(onError) });
  }
}

/** The adapter ends its readers when their read is over, seconds later; here they end at once, and once. */
function followDuplicates(client: RedisClientType, onError: (error: unknown) => void): { end(): void } {
  const duplicates: RedisClientType[] = [];
  const duplicate = client.duplicate.bind(client) as () => RedisClientType;
  const end = (reader: RedisClientType): void => {
    if (reader.isOpen) reader.destroy();
  };
  Object.assign(client, {
    duplicate() {
      const reader = duplicate();
      reader.on('error', onError);
      duplicates.push(Object.assign(reader, { disconnect: () => Promise.resolve(end(reader)) }));
      return reader;
    },
  });
  return { end: () => duplicates.forEach(end) };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error(`Redis did not answer within ${ms} ms`)), ms)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
