import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Of OpenAPI 3, as far as TikTok's files use it. */
interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  example?: unknown;
  enum?: unknown[];
}
interface Operation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>;
}
export interface PublishedCall {
  path: string;
  query: Set<string>;
  /** null: it takes none. */
  body: Schema | null;
  answer: Schema;
}

const FOLDER = join(createRequire(import.meta.url).resolve('@tts-open-toolkit/cli/package.json'), '../skills/tts-openapi-guide/references/oas/paths');

/** TikTok Shop's own OpenAPI, which its npm package ships: what each call takes and answers. */
export function publishedShopApi(): (method: string, path: string) => PublishedCall | null {
  const operations = readdirSync(FOLDER).flatMap((file) => {
    const { paths } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { paths: Record<string, Record<string, Operation>> };
    return Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation, pattern: patternOf(path) })));
  });
  return (method, path) => {
    // A path without a parameter there goes first: /products/search is no product.
    const fits = operations.filter((each) => each.method === method && each.pattern.test(path)).sort((a, b) => a.path.split('{').length - b.path.split('{').length);
    const found = fits[0];
    if (!found) return null;
    const { parameters = [], requestBody, responses } = found.operation;
    return {
      path: found.path,
      query: new Set(parameters.flatMap(({ name, in: place }) => (place === 'query' ? [name] : []))),
      body: schemaOf(requestBody) ?? null,
      answer: schemaOf(responses['200']) ?? {},
    };
  };
}

const patternOf = (path: string): RegExp => new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
const schemaOf = (of: { content?: Record<string, { schema?: Schema }> } | undefined): Schema | undefined => Object.values(of?.content ?? {})[0]?.schema;

/** Fields of what was sent that the schema does not know, by their paths. */
export function unknownFields(value: unknown, schema: Schema | undefined, at = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => unknownFields(item, schema?.items, `${at}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = schema?.properties?.[name];
    const path = `${at}.${name}`;
    return known ? unknownFields(inner, known, path) : [path];
  });
}

/** An answer in which every field that the schema knows has a value: what we read under another name stays empty. */
export function fullAnswer(schema: Schema, name = ''): unknown {
  if (schema.properties) return Object.fromEntries(Object.entries(schema.properties).map(([key, inner]) => [key, fullAnswer(inner, key)]));
  if (schema.type === 'object' || name === 'data') return {};
  if (schema.items) return [fullAnswer(schema.items, name)];
  if (schema.type === 'integer' || schema.type === 'number') return name === 'code' ? 0 : 1_700_000_000;
  if (schema.type === 'boolean') return true;
  return textOf(name, schema.example);
}

/** Their examples are not always of the kind that they describe. */
function textOf(name: string, example: unknown): string {
  if (/currency/.test(name)) return 'USD';
  if (/(price|amount|total|fee|tax|discount|sub_total|refund)/.test(name)) return '12.50';
  if (/^(quantity|.*_time)$/.test(name)) return '1700000000';
  return typeof example === 'string' && example !== '' ? example : `a ${name}`;
}
