import { Context } from '@temporalio/activity';
import { findPurchaseOfReceipt, listPendingPurchases } from '../../../db/purchase.repository.ts';
import { closeNotification, listOpenNotifications, type StoreNotification } from '../../../db/store-notification.repository.ts';
import type { PurchaseRef, SweepPurchasesActivities, VerifyPurchaseInput } from '../../../domain/contracts/purchase.ts';
import { purchaseWorkflowId, taskQueue } from '../../../domain/names.ts';
import { storeChangedSignal } from '../../../workflows/verify-purchase.messages.ts';
import { eachInLanes } from '../../actions/each-in-lanes.ts';
import type { PurchaseDeps } from './purchase-deps.ts';

const PAGE = 500;
const AT_ONCE = 10;
const START_MS = 5_000;

/** @param openForMs how long the API has to start a workflow, or to hand a notification on, itself */
export function createSweepPurchases({ db, client, taskQueuePrefix, logger }: PurchaseDeps, openForMs = 30_000): SweepPurchasesActivities {
  const options = (ref: PurchaseRef) => {
    const args: [VerifyPurchaseInput] = [{ ...ref, request_id: null }];
    return { taskQueue: taskQueue('social', taskQueuePrefix), workflowId: purchaseWorkflowId(ref.purchase_id), workflowIdConflictPolicy: 'USE_EXISTING' as const, args };
  };
  const soon = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + START_MS, call);

  return {
    async sweepPurchases() {
      const started = await startPending();
      const notifications = await listOpenNotifications(db, openForMs, PAGE);
      await eachInLanes(notifications, AT_ONCE, handOn);
      if (notifications.length > 0) logger.info({ notifications: notifications.length }, 'notifications of stores were handed on');
      return started + notifications.length;
    },
  };

  /** Nothing happens where it runs. */
  async function startPending(): Promise<number> {
    let count = 0;
    for (let after: string | null = null; ; ) {
      const page = await listPendingPurchases(db, openForMs, after, PAGE);
      await eachInLanes(page, AT_ONCE, async ({ id, workspace_id }) => {
        await soon(() => client.workflow.start('verifyPurchase', options({ purchase_id: id, workspace_id })));
      });
      Context.current().heartbeat();
      count += page.length;
      if (page.length < PAGE) return count;
      after = page.at(-1)!.id;
    }
  }

  async function handOn(notification: StoreNotification): Promise<void> {
    const { store, store_transaction_id } = notification;
    const purchase = store_transaction_id === null ? undefined : await findPurchaseOfReceipt(db, store, store_transaction_id);
    if (purchase) await soon(() => client.workflow.signalWithStart('verifyPurchase', { ...options({ purchase_id: purchase.id, workspace_id: purchase.workspace_id }), signal: storeChangedSignal, signalArgs: [] }));
    await closeNotification(db, notification, purchase ? 'handed_on' : 'no_purchase');
  }
}
