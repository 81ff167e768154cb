import type { LiveEvent } from '../contracts/live-event.ts';
import type { RuleDefinition } from '../contracts/rule.ts';

/** Why an event does not even ask a rule's conditions. */
export type NoTrigger = 'event_type' | 'livestream' | 'history' | 'streak_not_ended' | 'nothing_added';

type Trigger = Pick<RuleDefinition, 'event_type' | 'livestream_id' | 'fire_on'>;

/**
 * Why this event is none that the rule waits for; null: it is one. The one place that says when a streak's frames fire:
 * `streak_end` once, when the streak is over; `every_update` on each frame that adds gifts.
 */
export function whyNoTrigger(rule: Trigger, event: LiveEvent): NoTrigger | null {
  if (event.type !== rule.event_type) return 'event_type';
  if (rule.livestream_id !== null && rule.livestream_id !== event.livestream_id) return 'livestream';
  if (event.is_history) return 'history';
  if (event.type !== 'gift') return null;
  if (rule.fire_on === 'every_update') return event.increment > 0 ? null : 'nothing_added';
  return event.streak_status === 'ended' || event.streak_status === 'single' ? null : 'streak_not_ended';
}

/** Does this event make the rule ask its conditions? */
export const isTrigger = (rule: Trigger, event: LiveEvent): boolean => whyNoTrigger(rule, event) === null;
