import { createLabels, type LabelDeps } from './labels.ts';
import { createShipOrder, type ShipOrderDeps } from './ship-order.ts';

/** Activities of `fulfilOrder` that ship, and those of labels. */
export function createShippingActivities(deps: ShipOrderDeps & LabelDeps) {
  return { ...createShipOrder(deps), ...createLabels(deps) };
}

export type ShippingActivities = ReturnType<typeof createShippingActivities>;
