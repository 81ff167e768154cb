import type { ShipOrderInput, ShipStep } from '../../../domain/contracts/shop-shipping.ts';

export interface ShippingActivities {
  shipOrder(input: ShipOrderInput): Promise<ShipStep>;
}
