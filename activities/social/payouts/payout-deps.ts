import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Db } from '../../../db/client.ts';

export interface PayoutDeps {
  db: Db;
  client: Client;
  taskQueuePrefix: string;
  logger: Pick<Logger, 'info'>;
}
