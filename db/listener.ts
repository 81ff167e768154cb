import pg from 'pg';

const RETRY_MS = [100, 500, 1_000, 2_000, 5_000];

export interface ListenerOptions {
  url: string;
  channels: readonly string[];
  onNotice: (channel: string, payload: string) => void;
  /** After each (re)connect: whatever was notified in between was missed, so look at the tables. */
  onConnected?: () => void;
  onError?: (error: Error) => void;
}

export interface Listener {
  /** Idempotent. */
  close(): Promise<void>;
}

/**
 * LISTENs on a connection of its own and makes a new one whenever it breaks. A notice is a hint that can be lost:
 * callers look at the tables after `onConnected` and now and then anyway.
 */
export function createListener({ url, channels, onNotice, onConnected, onError }: ListenerOptions): Listener {
  let closed = false;
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | null = null;
  let failures = 0;

  const lost = (error: Error): void => {
    if (closed || timer) return;
    onError?.(error);
    client?.removeAllListeners();
    client?.on('error', () => undefined);
    void client?.end().catch(() => undefined);
    client = null;
    timer = setTimeout(connect, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
    timer.unref();
  };

  const connect = (): void => {
    timer = null;
    const next = new pg.Client({ connectionString: url, application_name: 'showrunner-listener', connectionTimeoutMillis: 5_000, keepAlive: true });
    client = next;
    next.on('error', lost);
    next.on('end', () => lost(new Error('the listening connection ended')));
    next.on('notification', (notice) => onNotice(notice.channel, notice.payload ?? ''));
    next
      .connect()
      .then(() => next.query(channels.map((channel) => `listen ${pg.escapeIdentifier(channel)}`).join('; ')))
      .then(() => {
        failures = 0;
        onConnected?.();
      })
      .catch(lost);
  };

  connect();
  return {
    async close() {
      if (closed) return;
      closed = true;
      if (timer) clearTimeout(timer);
      client?.removeAllListeners();
      client?.on('error', () => undefined);
      await client?.end();
    },
  };
}
