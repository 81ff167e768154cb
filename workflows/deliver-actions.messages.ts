import { defineQuery, defineSignal } from '@temporalio/workflow';

/** More waits for the target. */
export const wakeSignal = defineSignal('wake');

export interface DeliveryView {
  is_down: boolean;
  failures_in_a_row: number;
  remaining: number;
}

export const deliveryQuery = defineQuery<DeliveryView>('delivery');
