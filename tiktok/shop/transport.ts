import { Agent, request as send, type Dispatcher } from 'undici';
import type { ShopFailure } from '../../domain/contracts/shop-api.ts';
import { parseRetryAfter } from '../../domain/http-outcomes.ts';
import { limitTime } from '../http/limit-time.ts';
import { readBounded } from '../http/read-bounded.ts';
import { badAnswer, connectionFailure, refusal, timedOut } from './failures.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 128;

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: string;
  headers: { [name: string]: string };
  body: string | null;
  maxBytes: number;
  /**
   * The call does something that can't be asked for twice. It gets a connection of its own: on one that was kept open it could be lost only
   * because TikTok closed that at the same moment, and nobody would know whether it arrived.
   */
  once: boolean;
}

export interface HttpAnswer {
  status: number;
  body: Buffer;
  content_type: string | null;
  retry_after_ms: number | null;
  /** By TikTok's clock, epoch milliseconds to the second; null: it did not say. */
  date_ms: number | null;
}

export interface Transport {
  /** Any status is an answer, redirects apart, which are refused. @throws signal.reason where that ended the call */
  send(request: HttpRequest, signal?: AbortSignal): Promise<{ ok: true; answer: HttpAnswer } | ShopFailure>;
  close(): Promise<void>;
}

/** @param timeoutMs for a whole request, from connecting to the answer's last byte */
export function createTransport(timeoutMs: number): Transport {
  const connect = { timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs) };
  const kept = new Agent({ connections: MAX_CONNECTIONS, pipelining: 1, keepAliveTimeout: 10_000, connect });
  const fresh = new Agent({ connections: MAX_CONNECTIONS, pipelining: 0, connect });
  let closing: Promise<void> | null = null;

  return {
    async send({ url, once, maxBytes, ...request }, signal) {
      const limit = limitTime(timeoutMs, signal);
      try {
        const response = await send(url, { ...request, dispatcher: once ? fresh : kept, signal: limit.signal });
        return await toAnswer(response, maxBytes);
      } catch (error) {
        if (limit.timedOut()) return timedOut(timeoutMs);
        signal?.throwIfAborted();
        return connectionFailure(error);
      } finally {
        limit.end();
      }
    },
    close: () => (closing ??= Promise.all([kept.destroy(), fresh.destroy()]).then(() => undefined)),
  };
}

async function toAnswer({ statusCode: status, headers, body }: Dispatcher.ResponseData, maxBytes: number): Promise<{ ok: true; answer: HttpAnswer } | ShopFailure> {
  if (status >= 300 && status < 400) {
    body.on('error', () => undefined).destroy();
    return badAnswer(`TikTok Shop answered with a redirect (HTTP ${status}), which is not followed.`, true);
  }
  const retry_after_ms = parseRetryAfter(one(headers['retry-after']), Date.now());
  const bytes = await readBounded(body, maxBytes);
  if (bytes !== null) return { ok: true, answer: { status, body: bytes, content_type: one(headers['content-type']), retry_after_ms, date_ms: dateOf(one(headers.date)) } };
  const words = `an answer of more than ${maxBytes} bytes`;
  return status < 400 ? badAnswer(`TikTok Shop gave ${words}.`) : refusal({ status, tiktok_code: null, message: words, request_id: null, retry_after_ms });
}

function dateOf(header: string | null): number | null {
  const ms = header === null ? Number.NaN : Date.parse(header);
  return Number.isNaN(ms) ? null : ms;
}

const one = (value: string | string[] | undefined): string | null => (Array.isArray(value) ? (value[0] ?? null) : (value ?? null));
