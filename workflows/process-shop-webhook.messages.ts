import { defineQuery } from '@temporalio/workflow';

export { wakeSignal } from './wake.messages.ts';

export interface ShopWebhooksView {
  processed: number;
  ignored: number;
  failed: number;
  /** Tried without success, to be tried again. */
  waiting: number;
}

/** Since the workflow began, or was continued as new. */
export const shopWebhooksQuery = defineQuery<ShopWebhooksView>('shopWebhooks');
