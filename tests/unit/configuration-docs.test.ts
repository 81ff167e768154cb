import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { envSchema } from '../../config/env.ts';
import { configurationPage, exampleFile } from '../../scripts/configuration-docs.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('what is generated from the environment schema', () => {
  test('docs/configuration.md is current (npm run docs:configuration)', () => {
    expect(read('docs/configuration.md')).toBe(configurationPage());
  });

  test('.env.example is current (npm run docs:configuration)', () => {
    expect(read('.env.example')).toBe(exampleFile());
  });

  test('every variable says what it does', () => {
    const silent = Object.entries(envSchema.shape).filter(([, schema]) => !schema.description);
    expect(silent.map(([name]) => name)).toEqual([]);
  });

  test('lists every variable once', () => {
    const listed = [...configurationPage().matchAll(/^\| `([A-Z_0-9]+)` \|/gm)].map(([, name]) => name);
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed).toEqual(expect.arrayContaining(Object.keys(envSchema.shape)));
  });
});
