import type pg from 'pg';
import type { Logger } from 'pino';
import type { Db } from '../../db/client.ts';
import type { ShopEventWriter } from './shop-events.ts';

export interface ShopEventsDeps {
  db: Db;
  pool: pg.Pool;
  databaseUrl: string;
  /** Makes sure that the target's deliverActions workflow runs; never throws. */
  wake: (target: string, workspaceId: string) => void;
  logger: Logger;
}

export function createShopEvents(_deps: ShopEventsDeps): ShopEventWriter & { close(): Promise<void> } {
  return { append: () => Promise.resolve(null), committed: () => undefined, close: () => Promise.resolve() };
}
