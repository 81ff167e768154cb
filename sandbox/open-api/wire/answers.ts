import { randomBytes } from 'node:crypto';
import { toJson, type Json } from './json.ts';

/** An answer before it is sent, so that a fault may still take its place. */
export interface Answer {
  status: number;
  body: string;
  headers: Record<string, string>;
  /** `ok`, or TikTok's error code: for the journal. */
  code: string;
  log_id: string;
}

/** A refusal with TikTok's own code; `data` says whether the envelope holds an empty object or nothing. */
export class ApiFault extends Error {
  readonly status: number;
  readonly code: string;
  readonly data: 'empty' | 'absent';
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, message: string, { data = 'empty', headers = {} }: { data?: 'empty' | 'absent'; headers?: Record<string, string> } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.data = data;
    this.headers = headers;
  }
}

/** yyyyMMddHHmmss and 20 hex digits. */
export const newLogId = (now: number): string =>
  new Date(now).toISOString().replace(/\D/g, '').slice(0, 14) + randomBytes(10).toString('hex').toUpperCase();

const answer = (status: number, code: string, log_id: string, body: Json, headers: Record<string, string> = {}): Answer => ({
  status,
  body: toJson(body),
  headers: { 'content-type': 'application/json; charset=utf-8', 'x-tt-logid': log_id, ...headers },
  code,
  log_id,
});

/** `data: null`: the answer holds the error alone, as that of `cancel`. */
export function apiOk(now: number, data: Json): Answer {
  const log_id = newLogId(now);
  return answer(200, 'ok', log_id, { data: data ?? undefined, error: { code: 'ok', message: '', log_id } });
}

export function apiError(now: number, { status, code, message, data, headers }: ApiFault): Answer {
  const log_id = newLogId(now);
  return answer(status, code, log_id, { data: data === 'empty' ? {} : undefined, error: { code, message, log_id } }, headers);
}

/** OAuth's success is flat: no `data`, no `error`. */
export const oauthOk = (now: number, body: Json): Answer => answer(200, 'ok', newLogId(now), body);

/** OAuth's `error` is a string. */
export function oauthError(now: number, status: number, error: string, error_description: string, headers: Record<string, string> = {}): Answer {
  const log_id = newLogId(now);
  return answer(status, error, log_id, { error, error_description, log_id }, headers);
}
