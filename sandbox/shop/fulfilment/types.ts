import type { ShippingType } from '../orders/types.ts';

export type PackageStatus = 'TO_FULFILL' | 'PROCESSING' | 'FULFILLING' | 'COMPLETED' | 'CANCELLED';

export interface Package {
  readonly id: string;
  /** TO_FULFILL: no shipment is arranged; the wire leaves the status out then. */
  status: PackageStatus;
  order_ids: string[];
  line_ids: string[];
  tag: 'DEFAULT' | 'COMBINE' | 'SPLIT';
  readonly shipping_type: ShippingType;
  provider: { id: string; name: string } | null;
  tracking_number: string;
  handover_method: 'PICKUP' | 'DROP_OFF' | null;
  pickup_slot: { start_time: number; end_time: number } | null;
  readonly create_ms: number;
  update_ms: number;
  shipped_ms: number | null;
}
