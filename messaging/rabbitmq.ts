import type { Connection, ConnectionOptions } from 'rabbitmq-client';

export interface RabbitLog {
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

/** What is under way may still end within this when a process stops, milliseconds. */
const FAREWELL_MS = 3_000;

/** One connection for each purpose: RabbitMQ holds up publishers when it is short of memory, which must not hold up consumers. */
export const connectionOptions = (url: string, name: string): ConnectionOptions => ({
  url,
  connectionName: name,
  // A dead peer is found within two of these, seconds.
  heartbeat: 10,
  connectionTimeout: 5_000,
  acquireTimeout: 2_000,
  retryLow: 200,
  retryHigh: 5_000,
});

/** Closes channels, then the connection, and cuts what does not end in time. */
export async function closeRabbit(connection: Connection, closeChannels: () => Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), FAREWELL_MS)));
  const closed = closeChannels()
    .then(() => connection.close())
    .catch(() => 'late' as const);
  if ((await Promise.race([closed, late])) === 'late') connection.unsafeDestroy();
  clearTimeout(timer);
}

/** RabbitMQ's own words. */
export const faultOf = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error));
