import { Busboy } from '@fastify/busboy';
import type { Context } from 'hono';
import { Readable } from 'node:stream';
import type { AppEnv } from '../context.ts';
import { ApiError } from '../errors.ts';
import { DEFAULT_BODY_BYTES, parseJson, readBytes } from '../json-body.ts';

/**
 * The fields of a body: JSON (whatever its type is called: such apps get it wrong), a form, or a multipart form without files.
 * @throws ApiError malformed_json, payload_too_large, validation_failed
 */
export async function readFields(c: Context<AppEnv>): Promise<Record<string, unknown>> {
  const bytes = await readBytes(c.req.raw, DEFAULT_BODY_BYTES);
  const type = c.req.header('content-type') ?? '';
  if (bytes === null || bytes.length === 0) return {};
  if (/^multipart\/form-data\b/i.test(type)) return readForm(bytes, type);
  const body = bytes.toString('utf8');
  if (/^application\/x-www-form-urlencoded\b/i.test(type) && !body.trimStart().startsWith('{')) return refuseNul(Object.fromEntries(new URLSearchParams(body)));
  const json = parseJson(body);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new ApiError('malformed_json', { detail: 'the body must be an object' });
  // null says nothing, as an absent field does.
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}

function readForm(bytes: Buffer, type: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const fields: Record<string, unknown> = {};
    const refuse = (error: unknown): void => reject(new ApiError('malformed_json', { detail: error instanceof Error ? error.message : 'not a form' }));
    try {
      const parser = new Busboy({ headers: { 'content-type': type }, limits: { files: 0, fields: 100, fieldSize: DEFAULT_BODY_BYTES } });
      parser.on('field', (name, value) => void (name === '__proto__' ? undefined : (fields[name] = value)));
      parser.on('finish', () => {
        try {
          resolve(refuseNul(fields));
        } catch (error) {
          reject(error as Error);
        }
      });
      parser.on('error', refuse);
      Readable.from([bytes]).pipe(parser);
    } catch (error) {
      refuse(error);
    }
  });
}

/** PostgreSQL's text can't hold it. */
function refuseNul(fields: Record<string, unknown>): Record<string, unknown> {
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string' && value.includes('\0')) throw new ApiError('validation_failed', { errors: [{ field: name, message: 'must not contain the character NUL' }] });
  }
  return fields;
}
