import { Connection } from '@temporalio/client';
import { createShopGateway, type ShopGateway } from '../../api/temporal-shop.ts';
import type { ShopWorld } from './shop-world.ts';
import { testTemporalAddress } from './temporal.ts';

/** What the API asks of the world's role shop, over a connection of its own. */
export async function worldGateway(world: Pick<ShopWorld, 'prefix'>, patientMs = 30_000): Promise<ShopGateway & { close(): Promise<void> }> {
  const connection = await Connection.connect({ address: testTemporalAddress() });
  const within = <T>(ms: number, call: () => Promise<T>): Promise<T> => connection.withDeadline(Date.now() + ms, call);
  return { ...createShopGateway({ connection, namespace: 'default', taskQueuePrefix: world.prefix, within, deadlineMs: 10_000, patientMs }), close: () => connection.close() };
}
