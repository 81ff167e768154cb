import type { z } from 'zod';
import type { ShopFailure, ShopResult } from '../../domain/contracts/shop-api.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { redactor } from '../http/redact.ts';
import type { ShopAccess, ShopApp } from './client.ts';
import type { ShopClock } from './clock.ts';
import { readAnswer, type Answered } from './envelope.ts';
import { badInput, closed, tooManyWaiting } from './failures.ts';
import type { Limiter } from './limiter.ts';
import { isPath } from './path.ts';
import { signRequest } from './sign.ts';
import type { HttpRequest, Transport } from './transport.ts';

/** A parameter that is null or undefined is left out. */
export type Query = { [name: string]: string | number | boolean | null | undefined };

export interface ShopCall<S extends z.ZodType> {
  method: HttpRequest['method'];
  /** Made by `at` where it holds ids. */
  path: string;
  query?: Query;
  /** null or absent: no body at all. */
  json?: object | null;
  schema: S;
  signal: AbortSignal | undefined;
  /** Must not be sent twice. */
  once?: boolean;
}

/** Who calls: a shop; or a seller, whose endpoints refuse a cipher. */
export type Caller = <S extends z.ZodType>(by: ShopAccess | { access_token: string }, call: ShopCall<S>) => Promise<ShopResult<Answered<z.output<S>>>>;

const LIMITED: ReadonlySet<ErrorCode> = new Set(['tiktok_rate_limited', 'shop_app_quota']);
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const JSON_TYPE = 'application/json';

export interface CallerParts {
  baseUrl: string;
  app: ShopApp;
  transport: Transport;
  limiter: Limiter;
  clock: ShopClock;
  now(): number;
  isClosed(): boolean;
}

/** Signs and sends calls, and reads their answers; what TikTok says in its errors never holds a secret of ours. */
export function createCaller({ baseUrl, app, transport, limiter, clock, now, isClosed }: CallerParts): Caller {
  const requestOf = (by: ShopAccess | { access_token: string }, { method, path, query = {}, json, once = false }: ShopCall<z.ZodType>): HttpRequest => {
    const body = json === undefined || json === null ? null : JSON.stringify(json);
    const parameters: [string, string][] = Object.entries({
      ...query,
      app_key: app.app_key,
      timestamp: clock.timestamp(),
      shop_cipher: 'shop_cipher' in by ? by.shop_cipher : null,
    }).flatMap(([name, value]): [string, string][] => (value === null || value === undefined ? [] : [[name, String(value)]]));
    const sign = signRequest({ path, query: parameters, body, content_type: JSON_TYPE }, app.app_secret);
    const encoded = [...parameters, ['sign', sign] as const].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
    return {
      method,
      url: `${baseUrl}${path}?${encoded}`,
      headers: { accept: JSON_TYPE, 'content-type': JSON_TYPE, 'user-agent': 'Showrunner/1', 'x-tts-access-token': by.access_token },
      body,
      maxBytes: MAX_ANSWER_BYTES,
      once,
    };
  };

  /** One request in its turn; a new timestamp and signature each time. */
  const attempt = async <S extends z.ZodType>(by: ShopAccess | { access_token: string }, call: ShopCall<S>): Promise<Attempt<z.output<S>>> => {
    const lane = 'shop_id' in by ? by.shop_id : '';
    const turn = await limiter.turn(lane, call.signal);
    if (isClosed()) return { result: closed(), theirDateMs: null, sentMs: 0 };
    if (!turn.ok) return { result: tooManyWaiting(turn.wait_ms), theirDateMs: null, sentMs: 0 };
    const sentMs = now();
    const sent = await transport.send(requestOf(by, call), call.signal);
    const result = sent.ok ? readAnswer(sent.answer, call.schema, redactor([app.app_secret, by.access_token])) : sent;
    if (!result.ok && LIMITED.has(result.code)) limiter.refused(lane, sentMs, result.retry_after_ms);
    else if (result.ok || result.tiktok_code !== null) limiter.answered(lane, sentMs);
    return { result, theirDateMs: sent.ok ? sent.answer.date_ms : null, sentMs };
  };

  return async (by, call) => {
    if (!isPath(call.path)) return badInput('An id of TikTok Shop is of letters, digits, “-” and “_”.');
    const first = await attempt(by, call);
    if (!isSkewed(first.result) || first.theirDateMs === null) return first.result;
    // The gateway refused it before anything was done, so this can't do anything twice.
    clock.correct(first.theirDateMs, first.sentMs);
    return (await attempt(by, call)).result;
  };
}

interface Attempt<T> {
  result: ShopResult<Answered<T>>;
  theirDateMs: number | null;
  sentMs: number;
}

const isSkewed = (result: { ok: true } | ShopFailure): boolean => !result.ok && result.code === 'shop_clock_skew';
