import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

interface Media {
  schema: Schema;
}
interface Schema {
  $ref?: string;
  example?: unknown;
  examples?: unknown;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
}
interface Operation {
  summary?: string;
  tags?: string[];
  security?: unknown[];
  'x-access'?: string;
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description: string; content?: Record<string, Media> }>;
}
interface Document {
  openapi: string;
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

let api: TestApi;
let document: Document;
beforeAll(async () => {
  api = await createTestApi();
  document = (await api.call<Document>('GET', '/openapi.json')).body;
});
afterAll(() => api.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
  );

test('the document is valid OpenAPI 3.1', async () => {
  expect(document.openapi).toBe('3.1.0');
  const { valid, errors } = await new Validator().validate({ ...structuredClone(document) });
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
});

test('every route has a summary, a tag that is explained, its access, and problems as answers', () => {
  const tags = document.tags.map(({ name }) => name);
  for (const { name, operation } of operations()) {
    expect([name, operation.summary?.length ?? 0]).toEqual([name, expect.any(Number)]);
    expect(operation.summary).toBeTruthy();
    expect([name, operation.tags?.every((tag) => tags.includes(tag))]).toEqual([name, true]);
    expect(operation['x-access']).toBeTruthy();
    // Verbs answer faults in the contract of their apps.
    if (operation['x-access']?.startsWith('app_')) continue;
    expect(operation.responses['default']?.content).toHaveProperty(['application/problem+json']);
    if (operation['x-access'] !== 'public') expect(operation.security).toEqual([{ access_token: [] }]);
  }
});

test('every body and every answer has an example', () => {
  const bare = operations().flatMap(({ name, operation }) => {
    const answers = Object.entries(operation.responses).flatMap(([status, { content = {} }]) =>
      Object.values(content).map(({ schema }) => [`${name} ${status}`, schema] as const),
    );
    const bodies = Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => [`${name} body`, schema] as const);
    return [...answers, ...bodies].filter(([, schema]) => !hasExample(schema)).map(([where]) => where);
  });
  expect(bare).toEqual([]);
});

/** An example stands at the schema, or at one of its parts at least. */
function hasExample(schema: Schema, depth = 0): boolean {
  if (depth > 8) return false;
  if (schema.$ref) return hasExample(document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, depth + 1);
  if (schema.example !== undefined || schema.examples !== undefined || schema.enum !== undefined || schema.const !== undefined) return true;
  const parts = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items ? [schema.items] : []),
    ...(schema.oneOf ?? []),
    ...(schema.anyOf ?? []),
    ...(schema.allOf ?? []),
  ];
  return parts.some((part) => hasExample(part, depth + 1));
}

test('/docs works under its own policy: no inline script, nothing from outside, everything it names is there', async () => {
  const { status, headers, body } = await api.call<string>('GET', '/docs');
  expect(status).toBe(200);
  expect(headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self';/);
  expect(body).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=|https?:\/\//);
  const named = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '');
  expect(named).toHaveLength(4);
  for (const url of [...named, '/openapi.json']) expect([url, (await api.call(`GET`, url)).status]).toEqual([url, 200]);
  const { body: script } = await api.call<string>('GET', '/docs/start.js');
  expect(script).toContain("url: '/openapi.json'");
});
