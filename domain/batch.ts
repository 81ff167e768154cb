import type { EventUser, LiveEvent, LivestreamCounters, WireEvent, WireGiftFields } from './contracts/live-event.ts';
import { decideExecution, type CooldownClaim, type DecidedExecution, type ExecutionContext } from './execution.ts';
import type { RuleSet } from './rules/compile.ts';
import { applyGift, streakKey, type StreakState } from './streaks.ts';

/** What a batch is decided from. Everything that is not pure (ids, the time) is handed in. */
export interface BatchContext extends ExecutionContext {
  livestream_id: string;
  /** Position of the last stored event; the batch goes on from there. */
  last_position: number;
  rules: RuleSet;
  streaks: ReadonlyMap<string, StreakState>;
}

export interface PendingEvent {
  received_at_ms: number;
  wire: WireEvent | OwnEvent;
}

/** connect and disconnect: our own events, made by the consumer. */
export interface OwnEvent {
  type: 'connect' | 'disconnect';
  msg_id: string;
  occurred_at_ms: number;
  is_history: false;
  user: EventUser;
  fields: Record<string, unknown>;
}


export interface DecidedBatch {
  events: LiveEvent[];
  executions: DecidedExecution<LiveEvent>[];
  streaks: StreakState[];
  claims: CooldownClaim[];
  counters: LivestreamCounters;
  first_position: number;
  last_position: number;
}

/**
 * Decides, without touching anything, what a batch of new events leads to: the events as stored, the executions and
 * their rendered actions, the streaks and cooldowns after it, and what the counters grow by.
 */
export function decideBatch(pending: readonly PendingEvent[], context: BatchContext): DecidedBatch {
  const streaks = new Map<string, StreakState>();
  const claims = new Map<string, CooldownClaim>();
  const counters = noCounters();
  const events: LiveEvent[] = [];
  const executions: DecidedExecution<LiveEvent>[] = [];
  let position = context.last_position;

  for (const { wire, received_at_ms } of pending) {
    const event = toEvent(wire, received_at_ms, ++position, context, streaks);
    events.push(event);
    count(counters, event);
    context.rules.evaluate(event, (compiled) => {
      executions.push(decideExecution(compiled, event, received_at_ms, context, claims));
    });
  }
  return {
    events,
    executions,
    streaks: [...streaks.values()],
    claims: [...claims.values()],
    counters,
    first_position: context.last_position + 1,
    last_position: position,
  };
}

function toEvent(
  wire: WireEvent | OwnEvent,
  received_at_ms: number,
  position: number,
  context: BatchContext,
  streaks: Map<string, StreakState>,
): LiveEvent {
  const base = {
    id: context.newId(),
    type: wire.type,
    livestream_id: context.livestream_id,
    msg_id: wire.msg_id,
    position,
    occurred_at: new Date(wire.occurred_at_ms).toISOString(),
    received_at: new Date(received_at_ms).toISOString(),
    is_history: wire.is_history,
    ...wire.user,
  };
  const fields = wire.type === 'gift' ? giftFields(wire, received_at_ms, context, streaks) : wire.fields;
  return Object.assign(base, fields) as LiveEvent;
}

function giftFields(wire: WireEvent, received_at_ms: number, context: BatchContext, streaks: Map<string, StreakState>) {
  const key = streakKey(wire.user.user_id, wire.fields as WireGiftFields);
  const before = key === null ? undefined : (streaks.get(key) ?? context.streaks.get(key));
  const { state, fields } = applyGift(before, wire, received_at_ms);
  if (state) streaks.set(state.streak_id, state);
  return fields;
}

function count(counters: LivestreamCounters, event: LiveEvent): void {
  counters.total_events += 1;
  switch (event.type) {
    case 'comment':
      counters.total_comments += 1;
      break;
    case 'gift':
      counters.total_gifts += event.increment;
      break;
    case 'like':
      counters.total_likes += event.like_count;
      break;
    case 'join':
      counters.total_joins += 1;
      break;
    case 'follow':
      counters.total_follows += 1;
      break;
    case 'share':
      counters.total_shares += 1;
      break;
    default:
  }
}

export const noCounters = (): LivestreamCounters => ({
  total_comments: 0,
  total_gifts: 0,
  total_likes: 0,
  total_joins: 0,
  total_follows: 0,
  total_shares: 0,
  total_events: 0,
});
