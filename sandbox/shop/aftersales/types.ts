import type { Role } from '../orders/types.ts';

export type CancelStatus = 'CANCELLATION_REQUEST_PENDING' | 'CANCELLATION_REQUEST_SUCCESS' | 'CANCELLATION_REQUEST_CANCEL' | 'CANCELLATION_REQUEST_COMPLETE';

export interface Cancellation {
  readonly id: string;
  readonly order_id: string;
  readonly line_ids: string[];
  readonly role: Role;
  readonly reason: string;
  status: CancelStatus;
  readonly create_ms: number;
  update_ms: number;
  /** Until when the seller has to answer; null: there is nothing to answer. */
  answer_due_ms: number | null;
  unschedule: () => void;
}

export const RETURN_TYPES = ['REFUND', 'RETURN_AND_REFUND', 'REPLACEMENT'] as const;
export interface OrderReturn {
  readonly id: string;
  readonly order_id: string;
  readonly line_ids: string[];
  readonly type: (typeof RETURN_TYPES)[number];
  readonly reason: string;
  status: 'RETURN_OR_REFUND_REQUEST_PENDING' | 'RETURN_OR_REFUND_REQUEST_COMPLETE' | 'RETURN_OR_REFUND_REQUEST_REJECT';
  readonly create_ms: number;
  update_ms: number;
}
