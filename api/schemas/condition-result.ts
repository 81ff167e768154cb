import { z } from '@hono/zod-openapi';
import type { ExplainedCondition } from '../../domain/rules/compile.ts';
import { OPERATORS } from '../../domain/contracts/rule.ts';

export const conditionResultSchema = z
  .object({
    order: z.int(),
    field: z.string(),
    operator: z.enum(OPERATORS),
    value: z.unknown(),
    held: z.boolean(),
    actual: z.unknown().openapi({ description: 'What the event had there; null where it had nothing.' }),
    missing: z.boolean().openapi({ description: 'The event has no such field, or no value in it: that makes the condition false.' }),
  })
  .openapi('ConditionResult', {
    example: { order: 0, field: 'diamond_count', operator: '>', value: '100', held: false, actual: 30, missing: false },
  });

export const toConditionResult = ({ condition, held, actual, missing }: ExplainedCondition): z.infer<typeof conditionResultSchema> => ({
  order: condition.order,
  field: condition.field,
  operator: condition.operator,
  value: condition.value as unknown,
  held,
  actual: actual ?? null,
  missing,
});
