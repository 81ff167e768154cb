import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Db } from '../../../db/client.ts';
import type { MediaStorage } from '../../../media/storage.ts';

export interface AccountDeps {
  db: Db;
  storage: MediaStorage;
  client: Client;
  taskQueuePrefix: string;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** Repeats what removes some rows at a time, until there are none. @param beat called after each time */
export async function untilNone(remove: () => Promise<number>, beat: () => void): Promise<void> {
  while ((await remove()) > 0) beat();
}
