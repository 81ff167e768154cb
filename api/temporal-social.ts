import { Client, WorkflowNotFoundError, type Connection } from '@temporalio/client';
import type { DecidePayout } from '../domain/contracts/payout.ts';
import { accountDeletionWorkflowId, dataExportWorkflowId, payoutWorkflowId, processVideoWorkflowId, purchaseWorkflowId, taskQueue } from '../domain/names.ts';
import { decidePayoutSignal } from '../workflows/payout.messages.ts';
import { storeChangedSignal } from '../workflows/verify-purchase.messages.ts';

/** What the API asks of the role `social`. Every call ends within a few seconds, or rejects with ApiError unavailable; sweeps start what was not started. */
export interface SocialGateway {
  verifyPurchase(input: { purchase_id: string; workspace_id: string; request_id: string | null }): Promise<void>;
  /** A store told of a refund, a revocation, or that the purchase is through. */
  storeChanged(input: { purchase_id: string; workspace_id: string; request_id: string | null }): Promise<void>;
  payout(input: { payout_id: string; workspace_id: string; request_id: string | null }): Promise<void>;
  /** @returns false: it is over, nothing is to be decided any more */
  decidePayout(payoutId: string, decision: DecidePayout): Promise<boolean>;
  processVideo(input: { video_id: string; workspace_id: string; request_id: string | null }): Promise<void>;
  deleteAccount(input: { user_id: string; workspace_id: string; request_id: string | null }): Promise<void>;
  exportData(input: { export_id: string; user_id: string; workspace_id: string; request_id: string | null }): Promise<void>;
}

export interface SocialGatewayOptions {
  connection: Connection;
  namespace: string;
  taskQueuePrefix: string;
  within<T>(ms: number, call: () => Promise<T>): Promise<T>;
  deadlineMs: number;
}

export function createSocialGateway({ connection, namespace, taskQueuePrefix, within, deadlineMs }: SocialGatewayOptions): SocialGateway {
  const { workflow } = new Client({ connection, namespace });
  const queue = taskQueue('social', taskQueuePrefix);
  const once = (workflowId: string, input: object, staticSummary: string) => ({ taskQueue: queue, workflowId, workflowIdConflictPolicy: 'USE_EXISTING' as const, staticSummary, args: [input] });
  const start = async (type: string, workflowId: string, input: object, summary: string): Promise<void> => {
    await within(deadlineMs, () => workflow.start(type, once(workflowId, input, summary)));
  };
  return {
    verifyPurchase: (input) => start('verifyPurchase', purchaseWorkflowId(input.purchase_id), input, `Purchase ${input.purchase_id}`),
    async storeChanged(input) {
      const options = once(purchaseWorkflowId(input.purchase_id), input, `Purchase ${input.purchase_id}`);
      await within(deadlineMs, () => workflow.signalWithStart('verifyPurchase', { ...options, signal: storeChangedSignal, signalArgs: [] }));
    },
    payout: (input) => start('payout', payoutWorkflowId(input.payout_id), input, `Payout ${input.payout_id}`),
    async decidePayout(payoutId, decision) {
      try {
        await within(deadlineMs, () => workflow.getHandle(payoutWorkflowId(payoutId)).signal(decidePayoutSignal, decision));
        return true;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
    processVideo: (input) => start('processVideo', processVideoWorkflowId(input.video_id), input, `Video ${input.video_id}`),
    deleteAccount: (input) => start('deleteAccount', accountDeletionWorkflowId(input.user_id), input, `Deletion of ${input.user_id}`),
    exportData: (input) => start('exportData', dataExportWorkflowId(input.export_id), input, `Export for ${input.user_id}`),
  };
}
