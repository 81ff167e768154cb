import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './context.ts';
import { ApiError, fieldError } from './errors.ts';
import { NUL_MESSAGE } from './validation.ts';

/** Deeper than any body of ours; zod and JSON.stringify recurse, so depth is bounded before they see it. */
const MAX_DEPTH = 64;

export const DEFAULT_BODY_BYTES = 256 * 1024;

/**
 * Reads a JSON body within its bounds, before the schema sees it: size, syntax, depth, and characters that PostgreSQL
 * can't store. Faults become malformed_json, payload_too_large or a 422 that names the field.
 */
export const jsonBody =
  (maxBytes: number): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const sent = await readText(c.req.raw, maxBytes);
    if (sent !== null) {
      const json = isJson(c.req.header('content-type'));
      // Many clients name the type even where they send nothing: a route that needs fields then names them.
      const text = json && sent.trim() === '' ? '{}' : sent;
      // Hono reads the body from this cache from here on.
      c.req.bodyCache.text = Promise.resolve(text) as never;
      if (json) parseJson(text);
    }
    await next();
  };

async function readText(request: Request, maxBytes: number): Promise<string | null> {
  const bytes = await readBytes(request, maxBytes);
  return bytes && new TextDecoder().decode(bytes);
}

/** The body as it came; null: there is none. @throws ApiError payload_too_large */
export async function readBytes(request: Request, maxBytes: number): Promise<Buffer | null> {
  const tooLarge = () => new ApiError('payload_too_large', { detail: `at most ${maxBytes.toLocaleString('en')} bytes` });
  const length = request.headers.get('content-length');
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  if (hasBody && Number(length ?? 0) > maxBytes) throw tooLarge();
  // Node lets no more through than the header says. Making a stream costs more than all else that a small request needs.
  if (hasBody && length !== null) {
    const bytes = Buffer.from(await request.arrayBuffer());
    if (bytes.length > maxBytes) throw tooLarge();
    return bytes;
  }
  if (!request.body) return null;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export const isJson = (contentType: string | undefined): boolean => /^application\/([\w.-]+\+)?json\b/i.test(contentType ?? '');

/** The value of a JSON text; deep nesting, and what PostgreSQL can't store, are refused as faults of input. */
export function parseJson(text: string): unknown {
  const value = parse(text);
  refuseBadValues(value);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiError('malformed_json', { detail: error instanceof Error ? shorten(error.message) : undefined }, { cause: error });
  }
}

/** V8 quotes the text around the fault; half a body in an error helps nobody. */
const shorten = (message: string): string => (message.length > 120 ? `${message.slice(0, 119)}…` : message);

/** Walks without recursion: a body of brackets alone would overflow the stack. */
function refuseBadValues(root: unknown): void {
  const open: { value: unknown; path: string; depth: number }[] = [{ value: root, path: '', depth: 0 }];
  for (let item = open.pop(); item; item = open.pop()) {
    const { value, path, depth } = item;
    if (typeof value === 'string' && value.includes('\0')) throw fieldError(path || 'body', NUL_MESSAGE);
    if (typeof value !== 'object' || value === null) continue;
    if (depth === MAX_DEPTH) throw fieldError(path, `must not be nested deeper than ${MAX_DEPTH} levels`);
    for (const [key, inner] of Object.entries(value)) {
      const at = path ? `${path}.${key}` : key;
      if (key === '__proto__' || key.includes('\0')) throw fieldError(at.replaceAll('\0', '\\0'), 'is not a name that is taken');
      open.push({ value: inner, path: at, depth: depth + 1 });
    }
  }
}
