import type { LiveEvent } from '../contracts/live-event.ts';
import type { RuleDefinition, RuleEvent } from '../contracts/rule.ts';
import type { ShopEvent } from '../contracts/shop-event.ts';
import type { SocialEvent } from '../contracts/social-event.ts';

/** Why an event does not even ask a rule's conditions. */
export const NO_TRIGGERS = ['event_type', 'livestream', 'history', 'streak_not_ended', 'nothing_added', 'no_sale', 'stock_level'] as const;
export type NoTrigger = (typeof NO_TRIGGERS)[number];

type Trigger = Pick<RuleDefinition, 'event_type' | 'livestream_id' | 'fire_on'>;

/**
 * Why this event is none that the rule waits for; null: it is one. The one place that says what fires once and what fires each time: gifts at
 * their streak's end, orders when they are paid, stock when it is low, out or back; with `every_update` each frame that adds gifts, each change.
 */
export function whyNoTrigger(rule: Trigger, event: RuleEvent): NoTrigger | null {
  if (event.type !== rule.event_type) return 'event_type';
  if (event.type === 'order' || event.type === 'inventory') return whyNoShopTrigger(rule, event);
  return whyNoLiveTrigger(rule, event);
}

/** Also of the app's gifts, which are of no livestream. */
function whyNoLiveTrigger(rule: Trigger, event: LiveEvent | SocialEvent): NoTrigger | null {
  if (rule.livestream_id !== null && rule.livestream_id !== event.livestream_id) return 'livestream';
  if (event.is_history) return 'history';
  if (event.type !== 'gift') return null;
  if (rule.fire_on === 'every_update') return event.increment > 0 ? null : 'nothing_added';
  return event.streak_status === 'ended' || event.streak_status === 'single' ? null : 'streak_not_ended';
}

function whyNoShopTrigger({ fire_on }: Trigger, event: ShopEvent): NoTrigger | null {
  if (event.is_history) return 'history';
  if (fire_on === 'every_update') return null;
  if (event.type === 'order') return event.change === 'paid' ? null : 'no_sale';
  return event.change === 'level' ? 'stock_level' : null;
}

/** Does this event make the rule ask its conditions? */
export const isTrigger = (rule: Trigger, event: RuleEvent): boolean => whyNoTrigger(rule, event) === null;
