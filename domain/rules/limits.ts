import { FIELD_MAX_DEPTH, FIELD_MAX_LENGTH } from './field.ts';
import { RENDERED_MAX_LENGTH, TEMPLATE_MAX_EXPRESSIONS } from './template.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The one table of how large a rule may be; docs/rules.md repeats it, and a test keeps the two equal. Lengths are in characters. */
export const RULE_LIMITS = {
  name: 200,
  description: 2_000,
  conditions: 100,
  actions: 20,
  field_length: FIELD_MAX_LENGTH,
  field_depth: FIELD_MAX_DEPTH,
  value_length: 1_000,
  list_items: 1_000,
  /** A list written as one text. */
  list_length: 20_000,
  template_length: 10_000,
  template_expressions: TEMPLATE_MAX_EXPRESSIONS,
  rendered_length: RENDERED_MAX_LENGTH,
  command_length: 1_000,
  url_length: 2_000,
  headers: 50,
  /** Of a webhook's body and a device command's params. */
  json_depth: 10,
  json_values: 1_000,
  json_key_length: 200,
  cooldown_ms: 30 * DAY_MS,
  max_age_ms: 30 * DAY_MS,
  restore_after_min_ms: 100,
  restore_after_max_ms: DAY_MS,
  webhook_timeout_min_ms: 100,
  webhook_timeout_max_ms: 30_000,
  /** Faults told in one answer. */
  faults: 50,
} as const;
