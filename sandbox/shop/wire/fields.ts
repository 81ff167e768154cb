import { z } from 'zod';
import { badRequest, gatewayFault } from './answers.ts';

const pascal = (name: string): string => name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());

/** `Skus`, `Currency of Price`: as the gateway, written in Go, names a field; items of lists count for nothing. */
function fieldName(path: readonly PropertyKey[]): string {
  const names = path.filter((part) => typeof part === 'string').map(pascal);
  const parent = path.length > 1 && typeof path.at(-2) === 'string' ? names.at(-2) : undefined;
  return `${names.at(-1) ?? 'Body'}${parent === undefined ? '' : ` of ${parent}`}`;
}

/** @throws ShopFault that names the first field that is missing or wrong */
export function parseFields<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path ?? [];
  const isMissing = issue?.code === 'invalid_type' && valueAt(value, path) === undefined;
  throw badRequest(isMissing ? `${fieldName(path)} is a required field and has not been provided.` : `param ${path.map(String).join('.') || 'body'} is invalid: ${issue?.message ?? ''}.`);
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined), value);

/** A repeated `Content-Type` arrives joined by a comma, and is no media type. */
export function parseJsonBody(body: Buffer, contentType: string | undefined): unknown {
  if (body.length === 0) return {};
  if (!/^application\/json\s*(;[^,]*)?$/i.test(contentType ?? '')) throw gatewayFault(36009022, 400, 'The request body must be JSON, and the content-type header must say so once.');
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw gatewayFault(36009022, 400, 'The request body is not valid JSON.');
  }
}

/** Epoch seconds. */
export const time = z.number().int().min(0).max(99_999_999_999);
export const id = z.string().min(1).max(64);
export const pageQuery = (max: number) =>
  z.object({
    page_size: z.coerce.number().int().min(1).max(max),
    page_token: z.string().optional(),
    sort_field: z.string().optional(),
    sort_order: z.enum(['ASC', 'DESC']).optional(),
  });
export type PageQuery = z.infer<ReturnType<typeof pageQuery>>;
