import type { RuleDefinition } from '../contracts/rule.ts';

/** Known ends of cooldowns, epoch milliseconds; absent: none known. */
export interface CooldownView {
  /** The rule's own. */
  ruleUntil?: number | undefined;
  /** This viewer's for the rule. */
  userUntil?: number | undefined;
}

/** What firing spends: no other event fires this rule (or, with a user_key, this rule for this viewer) before `until_ms`. */
export interface CooldownClaim {
  /** '' for the rule's own. */
  user_key: string;
  until_ms: number;
}

export type CooldownVerdict =
  { fire: true; claims: CooldownClaim[] } | { fire: false; reason: 'cooldown' | 'user_cooldown'; left_ms: number };

/**
 * Decides whether a rule that matched may fire. A cooldown that the rule no longer has holds nothing back.
 *
 * @param userKey who caused the event; '' where TikTok does not say: only the rule's own cooldown then counts
 * @param now_ms epoch milliseconds, on the clock by which the view's ends were claimed
 */
export function decideCooldown(
  rule: Pick<RuleDefinition, 'cooldown_ms' | 'user_cooldown_ms'>,
  userKey: string,
  view: CooldownView,
  now_ms: number,
): CooldownVerdict {
  const forUser = userKey === '' ? 0 : rule.user_cooldown_ms;
  const ruleLeft = rule.cooldown_ms > 0 ? (view.ruleUntil ?? now_ms) - now_ms : 0;
  if (ruleLeft > 0) return { fire: false, reason: 'cooldown', left_ms: ruleLeft };
  const userLeft = forUser > 0 ? (view.userUntil ?? now_ms) - now_ms : 0;
  if (userLeft > 0) return { fire: false, reason: 'user_cooldown', left_ms: userLeft };

  const claims: CooldownClaim[] = [];
  if (rule.cooldown_ms > 0) claims.push({ user_key: '', until_ms: now_ms + rule.cooldown_ms });
  if (forUser > 0) claims.push({ user_key: userKey, until_ms: now_ms + forUser });
  return { fire: true, claims };
}
