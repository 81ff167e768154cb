import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { OrderActivities, SweepPlace } from '../activities/shop/orders/order.activities.ts';

const { sweepOrders: sweep } = proxyActivities<Pick<OrderActivities, 'sweepOrders'>>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '30s', maximumAttempts: 5 },
});

/** Every five minutes, by a Schedule: each goes on where the one before stopped. */
export async function sweepOrders(): Promise<SweepPlace | null> {
  return sweep((workflowInfo().lastResult as SweepPlace | null | undefined) ?? null);
}
