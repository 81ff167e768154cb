import type { Db } from '../../../db/client.ts';
import { finishShipment, findShipment, knownOrderStatus, markSent, unmarkSent, type ShipmentRow } from '../../../db/shipment.repository.ts';
import { findShipmentOrders } from '../../../db/shipment-target.repository.ts';
import type { ShopFailure, ShopResult } from '../../../domain/contracts/shop-api.ts';
import type { ShipAnswer } from '../../../domain/contracts/shop-order.ts';
import type { ShipOrderInput, ShipStep } from '../../../domain/contracts/shop-shipping.ts';
import { isAnsweredAtOnce, judge, mayBeDone, type Seen, type Verdict } from '../../../domain/shop/shipment.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import type { ErrorLog } from '../../live/log.ts';
import type { ShopCalls } from '../shop-calls.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';
import { look, send, statusNow, type Shipped, type ShippingClient } from './at-tiktok.ts';

export interface ShipOrderDeps {
  db: Db;
  tiktok: ShippingClient;
  calls: ShopCalls;
  workflows: Pick<ShopWorkflows, 'orderChanged'>;
  logger: ErrorLog;
  /** How long the status of an order that was shipped is asked for, milliseconds. */
  statusMs?: number;
}

const HAD_IT = 'TikTok Shop had it so already.';

export function createShipOrder({ db, tiktok, calls, workflows, logger, statusMs = 5_000 }: ShipOrderDeps) {
  return {
    /**
     * Tries once to do what the row asks for. TikTok's calls have no idempotency key: the row says that it is sent before it is, and whoever
     * comes after a lost answer or a dead worker looks at TikTok first. What TikTok says decides, and is the answer of the row.
     */
    shipOrder: (input: ShipOrderInput): Promise<ShipStep> => heartbeating(() => attempt(input)),
  };

  async function attempt(input: ShipOrderInput): Promise<ShipStep> {
    const shipment = await findShipment(db, input);
    if (!shipment || shipment.channel_id !== input.channel_id || shipment.order_id !== input.order_id) return answered(refused('not_found', 'The shipment is gone.', null));
    if (shipment.answer !== null && shipment.state !== 'unconfirmed') return answered(shipment.answer);
    const doubted = shipment.state !== 'requested';
    if (!doubted) return sendIt(input, shipment, doubted);
    const seen = await look(tiktok, calls, input, shipment.request);
    if (!seen.ok) return later(input, seen, doubted);
    const verdict = judge(shipment.request, seen.value);
    return verdict.kind === 'open' ? sendIt(input, shipment, doubted) : settle(input, seen.value, verdict, null);
  }

  async function sendIt(input: ShipOrderInput, shipment: ShipmentRow, doubted: boolean): Promise<ShipStep> {
    const { result, was } = await callOnce(input, shipment);
    if (result.ok) return result.value === null ? standing(input) : shipped(input, result.value);
    if (was !== null && !result.definite) return later(input, result, true);
    if (was === 'requested') await unmarkSent(db, input);
    if (result.retry !== 'never') return later(input, result, doubted);
    return doubted || mayBeDone(result.code) ? afterRefusal(input, shipment, result, doubted) : fail(input, result);
  }

  /** was: the row's state before TikTok was called, null: it was not. A value of null: the row has its answer already. */
  async function callOnce(input: ShipOrderInput, { request }: ShipmentRow) {
    const sent: { was: ShipmentRow['state'] | null } = { was: null };
    const result = await calls.withShop<Shipped | null>(input.channel_id, {}, async (access): Promise<ShopResult<Shipped | null>> => {
      const was = await markSent(db, input);
      if (was === undefined) return { ok: true, value: null };
      sent.was ??= was;
      return send(tiktok, access, input.order_id, request);
    });
    return { result, was: sent.was };
  }

  /** A refusal may only say that it is done: by a call whose answer was lost, or by somebody else. */
  async function afterRefusal(input: ShipOrderInput, { request }: ShipmentRow, refusal: ShopFailure, doubted: boolean): Promise<ShipStep> {
    const seen = await look(tiktok, calls, input, request);
    if (!seen.ok) return input.is_last && !doubted ? fail(input, refusal) : later(input, seen, doubted);
    const verdict = judge(request, seen.value);
    if (verdict.kind === 'done' || verdict.kind === 'other') return settle(input, seen.value, verdict, doubted ? null : HAD_IT);
    // What TikTok shows may come after what it does.
    if (verdict.kind === 'open' && doubted && mayBeDone(refusal.code)) return later(input, { ...refusal, retry: 'later' }, doubted);
    return fail(input, refusal, statusIn(seen.value));
  }

  async function settle(input: ShipOrderInput, seen: Seen, verdict: Exclude<Verdict, { kind: 'open' }>, warning: string | null): Promise<ShipStep> {
    if (verdict.kind === 'done') return shipped(input, { package_id: verdict.package_id, warning }, statusIn(seen));
    const status = statusIn(seen) ?? (await knownOrderStatus(db, input.channel_id, input.order_id));
    return finish(input, refused(verdict.kind === 'other' ? 'shop_already_shipped' : 'shop_order_cancelled', verdict.what, status));
  }

  async function shipped(input: ShipOrderInput, { package_id, warning }: Shipped, status: string | null = null): Promise<ShipStep> {
    const order_status = status ?? (await statusNow(tiktok, calls, input, statusMs)) ?? (await knownOrderStatus(db, input.channel_id, input.order_id)) ?? 'UNKNOWN';
    const step = await finish(input, { ok: true, package_id, order_status, warning: warning || null });
    if (package_id !== null) await tellOthers(input, package_id);
    return step;
  }

  /** A combined package is of other orders too. What can't be told, TikTok's webhook or the next poll tells. */
  async function tellOthers({ channel_id, workspace_id, order_id }: ShipOrderInput, packageId: string): Promise<void> {
    const others = ((await findShipmentOrders(db, channel_id, packageId)) ?? []).filter((id) => id !== order_id);
    for (const other of others) {
      await workflows
        .orderChanged({ channel_id, workspace_id, order_id: other }, { source: 'person', news: 'order', update_time_ms: null })
        .catch((error: unknown) => logger.warn({ err: error, order_id: other }, 'an order of a shipped package is left to the next webhook or poll'));
    }
  }

  /** Again later; where nobody tries again, what is doubted stays so. */
  async function later(input: ShipOrderInput, failure: ShopFailure, doubted: boolean): Promise<ShipStep> {
    const { code, reason, retry, retry_after_ms } = failure;
    const isFinal = input.is_last || retry === 'never' || isAnsweredAtOnce(code);
    if (!isFinal) return { kind: 'later', after_ms: retry_after_ms, code, reason };
    if (!doubted) return fail(input, failure);
    return finish(input, refused('shop_shipment_unconfirmed', reason, await knownOrderStatus(db, input.channel_id, input.order_id)));
  }

  async function fail(input: ShipOrderInput, { code, reason }: ShopFailure, status: string | null = null): Promise<ShipStep> {
    return finish(input, refused(code, reason, status ?? (await knownOrderStatus(db, input.channel_id, input.order_id))));
  }

  async function finish(input: ShipOrderInput, answer: ShipAnswer): Promise<ShipStep> {
    return answered((await finishShipment(db, input, answer)) ?? answer);
  }

  async function standing(input: ShipOrderInput): Promise<ShipStep> {
    const answer = (await findShipment(db, input))?.answer;
    return answered(answer ?? refused('not_found', 'The shipment is gone.', null));
  }
}

const answered = (answer: ShipAnswer): ShipStep => ({ kind: 'answered', answer });
const refused = (code: ShopFailure['code'], reason: string, order_status: string | null): ShipAnswer => ({ ok: false, code, reason, order_status });
const statusIn = (seen: Seen): string | null => (seen.kind === 'order' ? seen.order.status : null);
