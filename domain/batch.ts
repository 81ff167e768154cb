import type { SkipReason } from './contracts/action.ts';
import type { EventUser, LiveEvent, LivestreamCounters, WireEvent, WireGiftFields } from './contracts/live-event.ts';
import type { Rule, RuleAction } from './contracts/rule.ts';
import type { CompiledRule, RuleSet } from './rules/compile.ts';
import { decideCooldown, type CooldownView } from './rules/cooldown.ts';
import { renderAction } from './rules/render.ts';
import { applyGift, streakKey, type StreakState } from './streaks.ts';
import { targetOf } from './targets.ts';

/** What a batch is decided from. Everything that is not pure (ids, the time) is handed in. */
export interface BatchContext {
  livestream_id: string;
  workspace_id: string;
  /** Position of the last stored event; the batch goes on from there. */
  last_position: number;
  now_ms: number;
  newId: () => string;
  rules: RuleSet;
  /** Rules beyond what the plan allows: they match, and are skipped for that reason. */
  over_limit: ReadonlySet<string>;
  streaks: ReadonlyMap<string, StreakState>;
  cooldowns: CooldownTable;
}

/** Known ends of cooldowns, epoch milliseconds; key from cooldownKey. */
export type CooldownTable = ReadonlyMap<string, number>;
export const cooldownKey = (ruleId: string, userKey: string): string => `${ruleId}|${userKey}`;

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

export interface DecidedExecution {
  id: string;
  rule: Rule;
  event: LiveEvent;
  event_received_at_ms: number;
  skip: SkipReason | null;
  detail: string | null;
  missing_fields: string[];
  actions: DecidedAction[];
}

export interface DecidedAction {
  id: string;
  target: string;
  action: RuleAction;
  expires_at_ms: number | null;
}

export interface CooldownClaim {
  rule_id: string;
  /** '' for the rule's own. */
  user_key: string;
  until_ms: number;
}

export interface DecidedBatch {
  events: LiveEvent[];
  executions: DecidedExecution[];
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
  const executions: DecidedExecution[] = [];
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

function decideExecution(
  compiled: CompiledRule,
  event: LiveEvent,
  received_at_ms: number,
  context: BatchContext,
  claims: Map<string, CooldownClaim>,
): DecidedExecution {
  const { rule } = compiled;
  const execution: DecidedExecution = {
    id: context.newId(),
    rule,
    event,
    event_received_at_ms: received_at_ms,
    skip: null,
    detail: null,
    missing_fields: compiled.missingFields(event),
    actions: [],
  };
  if (context.over_limit.has(rule.id)) return { ...execution, skip: 'plan_limit', detail: 'The plan allows fewer active rules.' };

  const userKey = event.user_id ?? event.username ?? '';
  const verdict = decideCooldown(rule, userKey, cooldownView(rule.id, userKey, context.cooldowns, claims), context.now_ms);
  if (!verdict.fire) return { ...execution, skip: verdict.reason, detail: `${verdict.left_ms} ms left` };
  for (const claim of verdict.claims) claims.set(cooldownKey(rule.id, claim.user_key), { rule_id: rule.id, ...claim });

  const expires_at_ms = rule.max_age_ms === null ? null : received_at_ms + rule.max_age_ms;
  execution.actions = rule.actions.map((action) => {
    const rendered = renderAction(action, event);
    return { id: context.newId(), target: targetOf(context.workspace_id, rendered), action: rendered, expires_at_ms };
  });
  return execution;
}

function cooldownView(ruleId: string, userKey: string, known: CooldownTable, claims: ReadonlyMap<string, CooldownClaim>): CooldownView {
  const until = (key: string): number | undefined => claims.get(key)?.until_ms ?? known.get(key);
  return { ruleUntil: until(cooldownKey(ruleId, '')), userUntil: userKey === '' ? undefined : until(cooldownKey(ruleId, userKey)) };
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
