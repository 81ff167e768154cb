import type { z } from 'zod';
import type { OpenApiFailure, OpenApiResult } from '../../domain/contracts/open-api.ts';
import { parseLossless } from '../../domain/publishing/lossless-json.ts';
import { badAnswer, refusal } from './failures.ts';
import type { Redactor } from '../http/redact.ts';
import type { ApiAnswer } from './transport.ts';

interface SaidError {
  code: string;
  message: string;
  log_id: string | null;
}

/** API calls wrap their value into `data` beside `error`; OAuth calls do not. */
export type Envelope = 'api' | 'oauth';

/**
 * The value of an answer, or the failure that its `error` tells: an object with a code ("ok" is success) from the API, a string from
 * OAuth. The body decides: TikTok sends failures with HTTP 200.
 */
export function readAnswer<S extends z.ZodType>(answer: ApiAnswer, envelope: Envelope, schema: S, redact: Redactor): OpenApiResult<z.output<S>> {
  const body = parseBody(answer);
  if (body === null) return notJson(answer);
  const error = errorOf(body);
  const { status, retry_after_ms } = answer;
  const log_id = error?.log_id ?? answer.log_id;
  if (error?.code === '' && status < 400) return badAnswer('TikTok’s answer has an error without a code.');
  if (error !== null && error.code !== 'ok') return refusal({ status, tiktok_code: redact(error.code) || null, message: redact(error.message), log_id, retry_after_ms });
  if (status >= 400) return refusal({ status, tiktok_code: null, message: '', log_id, retry_after_ms });
  const value = schema.safeParse(envelope === 'api' ? (body.data ?? {}) : body);
  if (value.success) return { ok: true, value: value.data };
  const faults = value.error.issues.map(({ path, message }) => `${path.join('.') || 'data'}: ${message}`).join('; ');
  return badAnswer(`TikTok’s answer lacks what its documentation promises (${faults})${log_id === null ? '' : ` (log_id ${log_id})`}.`);
}

/** Null where the body is no JSON object; nothing at all is an empty one (revoke answers so). */
function parseBody({ text }: ApiAnswer): { [key: string]: unknown } | null {
  if (text.trim() === '') return {};
  try {
    const body = parseLossless(text);
    return isObject(body) ? body : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function notJson({ status, log_id, retry_after_ms }: ApiAnswer): OpenApiFailure {
  if (status < 400) return badAnswer(`TikTok answered HTTP ${status} with something that is not JSON.`);
  return refusal({ status, tiktok_code: null, message: 'the answer is not JSON', log_id, retry_after_ms });
}

function errorOf(body: { [key: string]: unknown }): SaidError | null {
  const { error } = body;
  if (typeof error === 'string' && error !== '')
    return { code: error, message: asText(body.error_description) ?? '', log_id: asText(body.log_id) };
  if (!isObject(error)) return null;
  return { code: asText(error.code) ?? '', message: asText(error.message) ?? '', log_id: asText(error.log_id) ?? asText(error.logid) };
}

const isObject = (value: unknown): value is { [key: string]: unknown } => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Null for what is not there or empty. */
const asText = (value: unknown): string | null => (typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 1_000) || null : null);
