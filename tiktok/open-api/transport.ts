import { Agent, request as send, type Dispatcher } from 'undici';
import type { OpenApiFailure } from '../../domain/contracts/open-api.ts';
import { parseRetryAfter } from '../../domain/http-outcomes.ts';
import { limitTime } from '../http/limit-time.ts';
import { readBounded } from '../http/read-bounded.ts';
import { badAnswer, connectionFailure, refusal, unreachable } from './failures.ts';

const MAX_BODY_BYTES = 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 128;

export interface ApiRequest {
  method: 'GET' | 'POST';
  /** From the base URL on, with its query. */
  path: string;
  headers: { [name: string]: string };
  body: string | null;
  /**
   * The call does something that can't be asked for twice. It gets a connection of its own: on one that was kept open it could be
   * lost only because TikTok closed that at the same moment, and nobody would know whether it arrived.
   */
  once: boolean;
}

export interface ApiAnswer {
  status: number;
  text: string;
  /** TikTok's x-tt-logid, by which its support finds the call. */
  log_id: string | null;
  retry_after_ms: number | null;
}

export interface Transport {
  /** Any status is an answer, redirects apart, which are refused. @throws signal.reason where that ended the call */
  send(request: ApiRequest, signal?: AbortSignal): Promise<{ ok: true; answer: ApiAnswer } | OpenApiFailure>;
  close(): Promise<void>;
}

/** @param baseUrl of TikTok's Open API @param timeoutMs for a whole call, from connecting to the answer's last byte */
export function createTransport(baseUrl: string, timeoutMs: number): Transport {
  const connect = { timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs) };
  const kept = new Agent({ connections: MAX_CONNECTIONS, pipelining: 1, keepAliveTimeout: 10_000, connect });
  const fresh = new Agent({ connections: MAX_CONNECTIONS, pipelining: 0, connect });
  const base = baseUrl.replace(/\/+$/, '');
  let closing: Promise<void> | null = null;

  return {
    async send({ path, once, ...request }, signal) {
      const limit = limitTime(timeoutMs, signal);
      try {
        const response = await send(`${base}${path}`, { ...request, dispatcher: once ? fresh : kept, signal: limit.signal });
        return await toAnswer(response);
      } catch (error) {
        if (limit.timedOut()) return unreachable(`TikTok did not answer within ${timeoutMs / 1_000} s.`);
        signal?.throwIfAborted();
        return connectionFailure(error);
      } finally {
        limit.end();
      }
    },
    close: () => (closing ??= Promise.all([kept.destroy(), fresh.destroy()]).then(() => undefined)),
  };
}

async function toAnswer({ statusCode: status, headers, body }: Dispatcher.ResponseData): Promise<{ ok: true; answer: ApiAnswer } | OpenApiFailure> {
  const log_id = one(headers['x-tt-logid']);
  if (status >= 300 && status < 400) {
    body.on('error', () => undefined).destroy();
    return badAnswer(`TikTok answered with a redirect (HTTP ${status}), which is not followed.`, { definite: true, retryable: false });
  }
  const retry_after_ms = parseRetryAfter(one(headers['retry-after']), Date.now());
  const bytes = await readBounded(body, MAX_BODY_BYTES);
  if (bytes !== null) return { ok: true, answer: { status, text: bytes.toString('utf8'), log_id, retry_after_ms } };
  const words = `an answer of more than ${MAX_BODY_BYTES} bytes`;
  return status < 400 ? badAnswer(`TikTok gave ${words}.`) : refusal({ status, tiktok_code: null, message: words, log_id, retry_after_ms });
}

const one = (value: string | string[] | undefined): string | null => (Array.isArray(value) ? (value[0] ?? null) : (value ?? null));
