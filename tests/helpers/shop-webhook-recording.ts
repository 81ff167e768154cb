import { createShopWorkflows } from '../../activities/shop/shop-workflows.ts';
import { createShopWebhookActivities } from '../../activities/shop/webhooks/webhook.activities.ts';
import type { ProcessShopWebhooksInput } from '../../domain/contracts/shop-webhook.ts';
import { shopWebhooksWorkflowId } from '../../domain/names.ts';
import { wakeSignal } from '../../workflows/process-shop-webhook.messages.ts';
import { createTestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { quietLog } from './quiet-log.ts';
import { recordHistory } from './record-history.ts';
import { notedWorkflows, seedShop, seedWebhooks } from './shop-webhooks.ts';
import { testTemporal } from './temporal.ts';

export const SHOP_WEBHOOK_RECORDING = 'process-shop-webhook';

/** Several batches, one webhook that fails and is given up, and one that comes while that waits. @returns the file */
export async function recordShopWebhooks(): Promise<string> {
  const [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
  const told = notedWorkflows(createShopWorkflows(temporal.client));
  told.before = ({ whom }) => {
    if (whom === 'poison') throw new Error('this order is cursed');
  };
  try {
    await temporal.runWorker({ activities: createShopWebhookActivities({ db: database.db, workflows: told, logger: quietLog }) });
    const { shop_id } = await seedShop(database.db);
    const order = (order_id: string) => ({ shop_id, data: { order_id, order_status: 'AWAITING_SHIPMENT', update_time: 100 } });
    await seedWebhooks(database, ['poison', 'a', 'b', 'c'].map(order));
    const timings = { retry_initial_ms: 1_500, retry_max_ms: 2_000, attempts: 2, batch: 3 };
    const handle = await temporal.client.workflow.signalWithStart('processShopWebhook', {
      taskQueue: temporal.taskQueue,
      workflowId: shopWebhooksWorkflowId(shop_id),
      args: [{ shop_id, timings } satisfies ProcessShopWebhooksInput],
      signal: wakeSignal,
    });
    await eventually(() => told.orders().length === 3);
    await seedWebhooks(database, [order('d')]);
    await handle.signal(wakeSignal);
    await handle.result();
    return await recordHistory(temporal.client, SHOP_WEBHOOK_RECORDING, handle.workflowId);
  } finally {
    await temporal.close();
    await database.drop();
  }
}
