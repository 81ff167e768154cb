import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Db } from '../../../db/client.ts';
import type { SecretBox } from '../../../db/secret-box.ts';
import type { StoreClients } from '../../../social/stores/stores.ts';

export interface PurchaseDeps {
  db: Db;
  secrets: SecretBox;
  stores: StoreClients;
  client: Client;
  taskQueuePrefix: string;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}
