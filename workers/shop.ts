import type { WorkerContext } from './context.ts';
import type { RoleParts } from './role.ts';

/** The role that keeps shops connected, follows their orders, products and stock, and tells other systems. */
export async function createShopRole(_context: WorkerContext): Promise<RoleParts> {
  return { activities: {}, close: () => Promise.resolve() };
}
