import { defineQuery } from '@temporalio/workflow';

export { wakeSignal } from './wake.messages.ts';

export interface DeliveryView {
  is_down: boolean;
  failures_in_a_row: number;
  remaining: number;
}

export const deliveryQuery = defineQuery<DeliveryView>('delivery');
