import type { SkipReason } from './contracts/action.ts';
import type { Rule, RuleAction, RuleEvent } from './contracts/rule.ts';
import type { CompiledRule } from './rules/compile.ts';
import { decideCooldown, type CooldownView } from './rules/cooldown.ts';
import { renderAction } from './rules/render.ts';
import { targetOf } from './targets.ts';

/** Known ends of cooldowns, epoch milliseconds; key from cooldownKey. */
export type CooldownTable = ReadonlyMap<string, number>;
export const cooldownKey = (ruleId: string, userKey: string): string => `${ruleId}|${userKey}`;

/** What an execution is decided from, beside rule and event. */
export interface ExecutionContext {
  workspace_id: string;
  now_ms: number;
  newId: () => string;
  /** Rules beyond what the plan allows: they match, and are skipped for that reason. */
  over_limit: ReadonlySet<string>;
  cooldowns: CooldownTable;
}

export interface DecidedExecution<E extends RuleEvent = RuleEvent> {
  id: string;
  rule: Rule;
  event: E;
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

/** What a rule whose conditions hold does about an event: its actions rendered, or why it is skipped. Cooldowns that it spends are put into `claims`. */
export function decideExecution<E extends RuleEvent>(
  compiled: CompiledRule,
  event: E,
  received_at_ms: number,
  context: ExecutionContext,
  claims: Map<string, CooldownClaim>,
): DecidedExecution<E> {
  const { rule } = compiled;
  const execution: DecidedExecution<E> = {
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

  const userKey = userKeyOf(event);
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

/** Whom a user cooldown counts by; '': TikTok does not say. */
function userKeyOf(event: RuleEvent): string {
  if (event.type === 'inventory') return '';
  return event.user_id ?? ('username' in event ? event.username : null) ?? '';
}
