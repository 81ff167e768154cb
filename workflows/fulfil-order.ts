import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { OrderActivities } from '../activities/shop/orders/order.activities.ts';
import {
  DEFAULT_FULFIL_TIMINGS,
  type FollowedOrder,
  type FulfilOrderInput,
  type FulfilTimings,
  type OrderChanged,
  type OrderKey,
  type OrderLife,
} from '../domain/contracts/shop-order.ts';
import { learnDeadline, nextDeadline, type Deadline, type DeadlineStep } from '../domain/shop/order-deadline.ts';
import { addNews } from '../domain/shop/order-waiting.ts';
import { changedSignal, orderQuery, resumedSignal, shipUpdate } from './fulfil-order.messages.ts';
import { createShipping } from './fulfilment/ship-order.ts';

// PostgreSQL being gone is waited for; what TikTok says is in the answer.
const { followOrder, noteDeadline, setMissingAside } = proxyActivities<Pick<OrderActivities, 'followOrder' | 'noteDeadline' | 'setMissingAside'>>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Until then nothing is asked of TikTok. isFirm: news do not shorten it, as TikTok wants to be left alone. */
interface Wait {
  until_ms: number;
  is_paused: boolean;
  is_firm: boolean;
}

/** Asks for the order as it is now. */
const LOOK: OrderChanged = { source: 'person', news: 'order', update_time_ms: null };

/**
 * Follows one order from the first word of it until it is over: asks TikTok whenever there is news, ships when a person asks for it, and tells
 * people of its deadline. What the order is stands in its row; TikTok decides what it becomes.
 */
export async function fulfilOrder(input: FulfilOrderInput): Promise<void> {
  const timings: FulfilTimings = { ...DEFAULT_FULFIL_TIMINGS, ...input.timings };
  const order: OrderKey = { channel_id: input.channel_id, workspace_id: input.workspace_id, order_id: input.order_id };
  const shipping = createShipping(order);
  const { changes = [], ...told } = input.carried ?? { ship_by_ms: null, warned: false, escalated: false };
  const state = { news: changes, life: null as OrderLife | null, deadline: told as Deadline, wait: null as Wait | null, heard: 0, resumed: 0, looked_ms: 0, is_gone: false };
  let failures = 0;
  let missingSince: number | null = null;

  const hear = (changed: OrderChanged): void => {
    state.news = addNews(state.news, changed);
    state.heard += 1;
    if (state.wait?.is_firm === false) state.wait = null;
  };
  setHandler(changedSignal, hear);
  setHandler(resumedSignal, () => {
    state.heard += 1;
    state.resumed += 1;
    state.wait = null;
  });
  setHandler(orderQuery, () => ({ status: state.life?.status ?? null, is_paused: state.wait?.is_paused ?? false, ...state.deadline }));
  setHandler(shipUpdate, async (ship) => {
    const answer = await shipping.ship(ship);
    hear(LOOK);
    hear({ ...LOOK, news: 'package' });
    return answer;
  });

  let shown: string | null = null;
  const learn = (life: OrderLife): void => {
    state.life = life;
    state.deadline = learnDeadline(state.deadline, life.ship_by_ms);
    setCurrentDetails(describe(life));
    if (life.status !== shown) upsertSearchAttributes({ ChannelId: [order.channel_id], WorkspaceId: [order.workspace_id], OrderStatus: [life.status] });
    shown = life.status;
  };
  const waitFor = (ms: number, reason: string, kind: { is_paused: boolean; is_firm: boolean }): void => {
    state.wait = { until_ms: Date.now() + ms, ...kind };
    setCurrentDetails(`**${state.life?.status ?? 'unknown'}**: ${kind.is_paused ? 'paused' : 'tried again later'}, ${reason}`);
  };
  const backoff = (): number => Math.min(timings.retry_max_ms, timings.retry_initial_ms * 2 ** Math.min(failures++, 20));

  const follow = async (): Promise<void> => {
    const followed = state.news;
    state.news = [];
    state.wait = null;
    state.looked_ms = Date.now();
    const { resumed } = state;
    const answer: FollowedOrder = await followOrder({ ...order, changes: followed });
    state.is_gone = answer.kind === 'disconnected';
    if (answer.kind === 'disconnected') return void (state.news = []);
    if (answer.life !== null) learn(answer.life);
    if (answer.kind === 'known' || answer.kind === 'set_aside') {
      failures = 0;
      missingSince = null;
      state.is_gone = answer.life === null;
      return;
    }
    for (const one of followed.length === 0 ? [LOOK] : followed) state.news = addNews(state.news, one);
    // It was asked for before the channel could be used again.
    if (answer.kind === 'paused' && state.resumed !== resumed) return;
    if (answer.kind === 'paused') waitFor(timings.paused_look_ms, answer.reason, { is_paused: true, is_firm: false });
    else if (answer.kind === 'later') waitFor(Math.max(backoff(), answer.retry_after_ms ?? 0), answer.reason, { is_paused: false, is_firm: true });
    else {
      missingSince ??= Date.now();
      if (Date.now() - missingSince >= timings.missing_for_ms) return giveUp();
      waitFor(backoff(), 'TikTok does not show this order yet.', { is_paused: false, is_firm: false });
    }
  };
  const giveUp = async (): Promise<void> => {
    state.news = [];
    missingSince = null;
    await setMissingAside(order);
    state.is_gone = state.life === null;
  };
  const tell = async ({ kind }: DeadlineStep): Promise<void> => {
    const { ship_by_ms } = state.deadline;
    await noteDeadline({ ...order, kind, ship_by_ms: ship_by_ms! });
    // Another deadline may have come meanwhile: it is told of anew.
    if (state.deadline.ship_by_ms === ship_by_ms) state.deadline = { ...state.deadline, warned: true, escalated: kind === 'escalated' };
  };
  const lookAgainAt = (): number => ((state.life?.open_after_sales ?? 0) > 0 ? state.looked_ms + timings.after_sale_look_ms : Infinity);
  const isOver = (): boolean => state.news.length === 0 && (state.is_gone || (state.life !== null && state.life.is_final && state.life.open_after_sales === 0));
  const isFull = (): boolean => workflowInfo().historyLength > timings.max_history || workflowInfo().continueAsNewSuggested;

  await follow();
  while (true) {
    const now = Date.now();
    const step = nextDeadline(state.deadline, timings, now);
    if (isOver() || isFull()) {
      // Who ships meanwhile gets an answer.
      const { heard } = state;
      await condition(() => allHandlersFinished() || state.heard !== heard);
      if (!allHandlersFinished()) continue;
      if (isOver()) return;
      if (isFull()) await continueAsNew<typeof fulfilOrder>({ ...input, carried: { changes: state.news, ...state.deadline } });
    } else if (state.news.length > 0 && (state.wait?.until_ms ?? 0) <= now) await follow();
    else if (step !== null && step.at_ms <= now) await tell(step);
    else if (lookAgainAt() <= now) for (const news of ['order', 'cancellation', 'return'] as const) hear({ ...LOOK, news });
    else {
      const { heard } = state;
      const next = Math.min(state.wait?.until_ms ?? Infinity, step?.at_ms ?? Infinity, lookAgainAt());
      const isHeard = (): boolean => state.heard !== heard;
      await (next === Infinity ? condition(isHeard) : condition(isHeard, Math.min(next - now, LONGEST_MS)));
    }
  }
}

/** A timer of Temporal's may be longer; JavaScript's numbers of a deadline far away need not be tried. */
const LONGEST_MS = 30 * 86_400_000;

const describe = ({ status, is_short, open_after_sales }: OrderLife): string =>
  [`**${status}**`, is_short && 'too few units', open_after_sales > 0 && `${open_after_sales} cancellations or returns open`].filter(Boolean).join(', ');
