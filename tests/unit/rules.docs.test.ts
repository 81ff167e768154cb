import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { OpenAPIHono } from '@hono/zod-openapi';
import { OPERATORS } from '../../domain/contracts/rule.ts';
import { FILTERS } from '../../domain/rules/filters.ts';
import { RULE_LIMITS } from '../../domain/rules/limits.ts';
import { ruleDefinitionSchema } from '../../domain/rules/schema.ts';
import { parseTemplate } from '../../domain/rules/template.ts';
import { validateRuleDefinition } from '../../domain/rules/validate.ts';

const doc = readFileSync(new URL('../../docs/rules.md', import.meta.url), 'utf8');
const blocks = (language: string): string[] =>
  doc
    .split(`\`\`\`${language}\n`)
    .slice(1)
    .map((part) => part.slice(0, part.indexOf('```')));

describe('docs/rules.md', () => {
  test('shows rules that are taken as they stand', () => {
    const examples = blocks('json');
    expect(examples).toHaveLength(7);
    for (const example of examples) expect(validateRuleDefinition(JSON.parse(example))).toMatchObject({ ok: true });
  });

  test('shows templates that parse', () => {
    for (const line of blocks('text').flatMap((block) => block.split('\n'))) expect(parseTemplate(line)).toMatchObject({ ok: true });
  });

  test('names every operator and filter', () => {
    for (const name of [...OPERATORS, ...FILTERS]) expect(doc).toContain(`\`${name}`);
  });

  test('states the limits of the table', () => {
    const rows = doc.slice(doc.indexOf('## Limits')).matchAll(/^\| `(\w+)` \| ([\d,]+) \|$/gm);
    const stated = Object.fromEntries([...rows].map(([, name, value]) => [name, Number(value!.replaceAll(',', ''))]));
    expect(stated).toEqual(RULE_LIMITS);
  });
});

describe('the rule schema', () => {
  test('can be written into an OpenAPI 3.1 document', () => {
    const app = new OpenAPIHono();
    app.openAPIRegistry.register('RuleDefinition', ruleDefinitionSchema);
    const { components } = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 'x', version: '1' } });
    const schema = components?.schemas?.RuleDefinition as { properties: Record<string, object>; required: string[] };
    expect(schema.required).toEqual(['name', 'event_type']);
    expect(schema.properties.conditions).toMatchObject({
      type: 'array',
      maxItems: 100,
      items: { properties: { operator: { enum: [...OPERATORS] } } },
    });
    expect(schema.properties.actions).toMatchObject({ type: 'array', items: { oneOf: expect.any(Array) } });
  });
});
