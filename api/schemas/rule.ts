import { z } from '@hono/zod-openapi';
import { definitionOf, toRule, type RuleRow } from '../../db/rule.repository.ts';
import { ruleDefinitionSchema } from '../../domain/rules/schema.ts';
import { EXAMPLE_ID, EXAMPLE_TIME } from './common.ts';

const definitionExample = {
  name: 'Expensive gift',
  description: 'Flashes the lamp',
  event_type: 'gift' as const,
  livestream_id: null,
  logic_operator: 'AND' as const,
  conditions: [{ field: 'diamond_count', operator: '>' as const, value: '100', order: 0 }],
  actions: [
    {
      action_type: 'device_control' as const,
      order: 0,
      config: { device_id: EXAMPLE_ID, command: 'ON', restore: { command: 'OFF', after_ms: 30_000 } },
    },
    {
      action_type: 'webhook' as const,
      order: 1,
      config: {
        url: 'https://example.com/gifts',
        method: 'POST' as const,
        headers: {},
        body: { user: '{{username}}', value: '{{diamond_count}}' },
      },
    },
    { action_type: 'notification' as const, order: 2, config: { channel: 'in_app' as const, message: '{{username}} sent {{gift_name}}' } },
    { action_type: 'log' as const, order: 3, config: { message: '{{username}}: {{diamond_count}}' } },
  ],
  cooldown_ms: 0,
  user_cooldown_ms: 0,
  max_age_ms: 60_000,
  fire_on: 'streak_end' as const,
};

export const ruleBody = ruleDefinitionSchema.openapi('RuleDefinition', { example: definitionExample });

export const ruleSchema = z
  .object({
    id: z.uuid(),
    workspace_id: z.uuid(),
    ...ruleDefinitionSchema.shape,
    version: z.int().openapi({ description: 'Rises with every change.' }),
    is_active: z.boolean(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi('Rule', {
    example: {
      id: EXAMPLE_ID,
      workspace_id: EXAMPLE_ID,
      ...definitionExample,
      version: 1,
      is_active: false,
      created_at: EXAMPLE_TIME,
      updated_at: EXAMPLE_TIME,
    },
  });

export type RuleView = z.infer<typeof ruleSchema>;
export type DefinitionView = z.infer<typeof ruleBody>;

// What is stored was validated by this schema, which is narrower than the type that rules are compiled from.
export const toRuleView = (row: RuleRow): RuleView => toRule(row) as RuleView;
export const toDefinitionView = (row: RuleRow): DefinitionView => definitionOf(row) as DefinitionView;

export const importBody = z
  .object({
    rules: z
      .array(z.unknown())
      .min(1)
      .openapi({ type: 'array', items: { $ref: '#/components/schemas/RuleDefinition' } }),
  })
  .openapi('RuleImport', { description: 'What GET /api/rules/export gives, or any list of rules.' });
