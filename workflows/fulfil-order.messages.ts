import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { OrderChanged, ShipAnswer, ShipInput } from '../domain/contracts/shop-order.ts';

/** Something about the order is new at TikTok. Said twice it changes nothing. */
export const changedSignal = defineSignal<[OrderChanged]>('changed');
/** The channel can be used again. */
export const resumedSignal = defineSignal('resumed');
/** Carries out what the row of shop_shipments asks for, one at a time; a second call for the same row gets the first one's answer. */
export const shipUpdate = defineUpdate<ShipAnswer, [ShipInput]>('ship');

export interface OrderView {
  status: string | null;
  is_paused: boolean;
  ship_by_ms: number | null;
  warned: boolean;
  escalated: boolean;
}
export const orderQuery = defineQuery<OrderView>('order');
