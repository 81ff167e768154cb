import { createClient } from 'redis';
import type { Logger } from 'pino';
import type { LiveEvent } from '../domain/contracts/live-event.ts';

export interface RedisEventsOptions {
  url: string;
  logger: Pick<Logger, 'warn'>;
  /** Called with the number of events that the full buffer pushed out. */
  onDropped?: (count: number) => void;
  /** Events that wait while Redis is away. */
  maxBuffer?: number;
  /** About how many entries a stream keeps. */
  maxLength?: number;
}

export interface RedisEvents {
  /** Hands events on and returns at once: they are in PostgreSQL already, so Redis may lose them but never hold them up. */
  publish(workspaceId: string, events: readonly LiveEvent[]): void;
  readonly waiting: number;
  /** Gives what waits two more seconds. Idempotent. */
  close(): Promise<void>;
}

interface Entry {
  key: string;
  event: LiveEvent;
}

const MAX_BATCH = 500;
const RETRY_MS = 1_000;
const FAREWELL_MS = 2_000;

export const eventStreamKey = (workspaceId: string): string => `tiktok:events:${workspaceId}`;

/** Adds each event to the Redis Stream `tiktok:events:{workspace_id}`: fields id, type, livestream_id and data (the event as JSON). */
export function createRedisEvents({ url, logger, onDropped, maxBuffer = 10_000, maxLength = 10_000 }: RedisEventsOptions): RedisEvents {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    pingInterval: 10_000,
    socket: { connectTimeout: 5_000, socketTimeout: 30_000, reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, 5_000) },
  });
  let healthy = true;
  const say = (error: unknown): void => {
    if (healthy) logger.warn({ err: error }, 'Redis does not take events; trying on');
    healthy = false;
  };
  client.on('error', say);
  client.on('ready', () => {
    healthy = true;
    flush();
  });
  client.connect().catch(say);

  const buffer: Entry[] = [];
  let flushing = false;
  let retry: NodeJS.Timeout | null = null;
  let closed: Promise<void> | null = null;

  const flush = (): void => {
    if (flushing || buffer.length === 0 || !client.isReady) return;
    flushing = true;
    void send().finally(() => (flushing = false));
  };

  const send = async (): Promise<void> => {
    while (buffer.length > 0 && client.isReady) {
      const batch = buffer.slice(0, MAX_BATCH);
      const dropped = droppedSoFar;
      try {
        await add(batch);
      } catch (error) {
        // Whether some of them arrived nobody can say: they go again, and readers know repeats by their id.
        say(error);
        retry ??= setTimeout(() => {
          retry = null;
          flush();
        }, RETRY_MS);
        return;
      }
      buffer.splice(0, Math.max(0, batch.length - (droppedSoFar - dropped)));
    }
  };

  const add = async (batch: readonly Entry[]): Promise<void> => {
    const pipeline = client.multi();
    for (const { key, event } of batch) {
      const fields = { id: event.id, type: event.type, livestream_id: event.livestream_id, data: JSON.stringify(event) };
      pipeline.xAdd(key, '*', fields, { TRIM: { strategy: 'MAXLEN', strategyModifier: '~', threshold: maxLength } });
    }
    await pipeline.execAsPipeline();
  };

  let droppedSoFar = 0;
  return {
    publish(workspaceId, events) {
      if (closed) return;
      const key = eventStreamKey(workspaceId);
      for (const event of events) buffer.push({ key, event });
      const excess = buffer.length - maxBuffer;
      if (excess > 0) {
        buffer.splice(0, excess);
        droppedSoFar += excess;
        onDropped?.(excess);
      }
      flush();
    },
    get waiting() {
      return buffer.length;
    },
    close() {
      closed ??= (async () => {
        const deadline = Date.now() + FAREWELL_MS;
        while (buffer.length > 0 && client.isReady && Date.now() < deadline) {
          flush();
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        if (retry) clearTimeout(retry);
        client.destroy();
      })();
      return closed;
    },
  };
}
