import type { Client } from '@temporalio/client';
import type { Db } from '../../db/client.ts';
import type { SecretBox } from '../../db/secret-box.ts';
import type { ErrorLog } from '../live/log.ts';
import type { ShopCalls } from './shop-calls.ts';

export interface ShopCallsDeps {
  db: Db;
  secrets: SecretBox;
  client: Client;
  taskQueuePrefix: string;
  logger: ErrorLog;
  /** Most that a refresh may take, milliseconds. */
  refreshMs?: number;
}

export function createShopCalls(_deps: ShopCallsDeps): ShopCalls {
  return {
    withShop: () => Promise.reject(new Error('not built yet')),
  };
}
