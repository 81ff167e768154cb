import { proxyActivities, sleep } from '@temporalio/workflow';
import type { ShippingActivities } from '../../activities/shop/shipping/shipping.activities.ts';
import type { OrderKey, ShipAnswer, ShipInput } from '../../domain/contracts/shop-order.ts';
import { DEFAULT_SHIP_TIMINGS, type ShipTimings } from '../../domain/contracts/shop-shipping.ts';

/** Carries out what rows of shop_shipments ask for. */
export interface Shipping {
  /** Never rejects for what TikTok says. A second call for a row that is being carried out gets the same answer. */
  ship(input: ShipInput): Promise<ShipAnswer>;
}

/** Ships one order's parcels one at a time, in the order in which they were asked for: what the one did decides what TikTok says to the next. */
export function createShipping(order: OrderKey, timings: Partial<ShipTimings> = {}): Shipping {
  const { retry_initial_ms, retry_max_ms, give_up_ms, heartbeat_timeout_ms } = { ...DEFAULT_SHIP_TIMINGS, ...timings };
  const { shipOrder } = proxyActivities<ShippingActivities>({
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: heartbeat_timeout_ms,
    retry: { initialInterval: Math.min(retry_initial_ms, 500), backoffCoefficient: 2, maximumInterval: retry_max_ms },
    summary: 'ships at TikTok',
  });
  const underWay = new Map<string, Promise<ShipAnswer>>();
  let before: Promise<unknown> = Promise.resolve();

  const carryOut = async (shipment_id: string): Promise<ShipAnswer> => {
    const until = Date.now() + give_up_ms;
    for (let pause = retry_initial_ms; ; pause = Math.min(pause * 2, retry_max_ms)) {
      const step = await shipOrder({ ...order, shipment_id, is_last: Date.now() >= until });
      if (step.kind === 'answered') return step.answer;
      await sleep(Math.max(1, Math.min(Math.max(pause, step.after_ms ?? 0), until - Date.now())));
    }
  };

  return {
    ship({ shipment_id }) {
      const running = underWay.get(shipment_id);
      if (running) return running;
      const answer = before.then(() => carryOut(shipment_id));
      underWay.set(shipment_id, answer);
      before = answer.then(
        () => underWay.delete(shipment_id),
        () => underWay.delete(shipment_id),
      );
      return answer;
    },
  };
}
