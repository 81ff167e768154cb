import { createPushStock } from './push-stock.ts';
import { createReconcileInventory, type ReconcileDeps } from './reconcile-inventory.ts';
import { createUpdateInventory } from './update-inventory.ts';

/** What sends stock to TikTok, compares it, and follows the jobs that asked for it. */
export const createStockActivities = (deps: ReconcileDeps) => ({ ...createPushStock(deps), ...createReconcileInventory(deps), ...createUpdateInventory(deps) });

export type StockActivities = ReturnType<typeof createStockActivities>;
