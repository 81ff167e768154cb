import { proxyActivities } from '@temporalio/workflow';
import type { ShippingActivities } from '../activities/shop/shipping/shipping.activities.ts';

const { sweepExpiredLabels } = proxyActivities<ShippingActivities>({
  startToCloseTimeout: '20 minutes',
  heartbeatTimeout: '1 minute',
  retry: { initialInterval: '1s', maximumInterval: '1 minute', maximumAttempts: 10 },
});

/** Deletes labels whose time is over: they hold buyers' addresses. @returns how many */
export const sweepLabels = (): Promise<number> => sweepExpiredLabels();
