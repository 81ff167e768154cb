import { z } from 'zod';
import { FIRE_ON, LOGIC_OPERATORS, RULE_EVENT_TYPES } from '../contracts/rule.ts';
import { SHOP_EVENT_TYPES } from '../contracts/shop-event.ts';
import { actionSchema } from './action.schema.ts';
import { conditionSchema } from './condition.schema.ts';
import { RULE_LIMITS } from './limits.ts';

export { actionSchema } from './action.schema.ts';
export { conditionSchema } from './condition.schema.ts';

const OF_SHOPS: ReadonlySet<string> = new Set(SHOP_EVENT_TYPES);
const HAVE_UPDATES: ReadonlySet<string> = new Set(['gift', ...SHOP_EVENT_TYPES]);

interface Ordered {
  order?: number | undefined;
}

/** Where no order is given, the place in the list is it; the same order twice would leave the sequence open. */
function inOrder<T extends Ordered>(items: T[], context: z.RefinementCtx): (T & { order: number })[] {
  const seen = new Set<number>();
  return items.map((item, index) => {
    const order = item.order ?? index;
    if (seen.has(order)) context.addIssue({ code: 'custom', path: [index, 'order'], message: `must not be ${order} a second time` });
    seen.add(order);
    return { ...item, order };
  });
}

const listOf = <T extends z.ZodType<Ordered>>(item: T, max: number) =>
  z
    .array(item)
    .max(max, `must not have more than ${max} entries`)
    .transform(inOrder<z.output<T>>)
    .default([]);

const duration = (min: number, max: number) => z.int().min(min).max(max);

/**
 * What decides whether a rule fires and what it then does, with its defaults. Unknown fields beside these are left out, so
 * that a rule that was read can be written back whole; inside `config`, where they would be typing errors, they are faults.
 */
export const ruleDefinitionSchema = z
  .object({
    name: z.string().trim().min(1, 'must not be empty').max(RULE_LIMITS.name),
    description: z.string().max(RULE_LIMITS.description).nullable().default(null),
    event_type: z.enum(RULE_EVENT_TYPES),
    livestream_id: z.guid('must be the id of a livestream, or null for all').nullable().default(null),
    logic_operator: z.enum(LOGIC_OPERATORS).default('AND'),
    conditions: listOf(conditionSchema, RULE_LIMITS.conditions),
    actions: listOf(actionSchema, RULE_LIMITS.actions),
    cooldown_ms: duration(0, RULE_LIMITS.cooldown_ms).default(0),
    user_cooldown_ms: duration(0, RULE_LIMITS.cooldown_ms).default(0),
    max_age_ms: duration(1, RULE_LIMITS.max_age_ms).nullable().default(null),
    fire_on: z.enum(FIRE_ON).default('streak_end'),
  })
  .superRefine((rule, context) => {
    if (rule.fire_on === 'every_update' && !HAVE_UPDATES.has(rule.event_type)) {
      context.addIssue({ code: 'custom', path: ['fire_on'], message: 'can be every_update only for gift, order and inventory: nothing else has updates' });
    }
    if (rule.livestream_id !== null && OF_SHOPS.has(rule.event_type)) {
      context.addIssue({ code: 'custom', path: ['livestream_id'], message: `must be null: an event of type ${rule.event_type} is of no livestream; a condition on channel_id picks a shop` });
    }
  });
