import { Agent, request } from 'undici';

/** Answers are a few KB. */
const MAX_BODY_BYTES = 256 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;
const MAX_RETRY_AFTER_MS = 3_600_000;

/** A store did not answer, not now, or not with what it documents: nothing is known of the purchase, and it is asked again. */
export class StoreDown extends Error {
  /** When it asks to be asked again, milliseconds from now; null: it did not say. */
  readonly retryAfterMs: number | null;

  constructor(message: string, retryAfterMs: number | null = null, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreDown';
    this.retryAfterMs = retryAfterMs;
  }
}

export interface StoreRequest {
  method: 'GET' | 'POST';
  /** Never in an error: it may hold a purchase token. */
  url: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface StoreReply {
  status: number;
  /** Parsed; null where it is empty or no JSON. */
  json: unknown;
  retryAfterMs: number | null;
}

export interface StoreHttp {
  /** Any status but 429 and 5xx is an answer; redirects are not followed. @throws StoreDown */
  send(request: StoreRequest): Promise<StoreReply>;
  close(): Promise<void>;
}

/** @param name of the store, for people @param timeoutMs for a whole call */
export function createStoreHttp(name: string, timeoutMs: number): StoreHttp {
  const agent = new Agent({ connections: 32, keepAliveTimeout: 10_000, connect: { timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs) } });
  return {
    async send({ method, url, headers, body }) {
      const { status, text, retryAfter } = await exchange(agent, { method, url, headers: { accept: 'application/json', 'user-agent': 'Showrunner/1', ...headers }, body: body ?? null }, timeoutMs).catch((error: unknown) => {
        throw new StoreDown(`${name} ${timedOut(error) ? `did not answer within ${timeoutMs / 1_000} s` : 'could not be reached'}.`, null, { cause: error });
      });
      const retryAfterMs = retryDelay(retryAfter, Date.now());
      if (status === 429 || status >= 500) throw new StoreDown(`${name} answered HTTP ${status}.`, retryAfterMs);
      if (text === null) throw new StoreDown(`${name} answered with more than ${MAX_BODY_BYTES} bytes.`);
      return { status, json: parse(text), retryAfterMs };
    },
    close: () => agent.destroy(),
  };
}

/** A signal's reason is a DOMException, which need not be an Error of this realm. */
const timedOut = (error: unknown): boolean => /Timeout/.test(String((error as { name?: unknown } | null)?.name));

async function exchange(dispatcher: Agent, { url, ...options }: { url: string; method: 'GET' | 'POST'; headers: Record<string, string>; body: string | null }, timeoutMs: number) {
  const { statusCode: status, headers, body } = await request(url, { ...options, dispatcher, signal: AbortSignal.timeout(timeoutMs) });
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    bytes += part.length;
    // Leaving the loop ends the connection.
    if (bytes > MAX_BODY_BYTES) return { status, text: null, retryAfter: headers['retry-after'] };
    parts.push(part);
  }
  return { status, text: Buffer.concat(parts).toString('utf8'), retryAfter: headers['retry-after'] };
}

/** Seconds from now; of Apple, the time itself in milliseconds: https://developer.apple.com/documentation/appstoreserverapi/identifying-rate-limits */
export function retryDelay(header: string | string[] | undefined, nowMs: number): number | null {
  const value = Number(Array.isArray(header) ? header[0] : header);
  if (header === undefined || !Number.isFinite(value) || value < 0) return null;
  return Math.min(MAX_RETRY_AFTER_MS, value > 1e11 ? Math.max(0, value - nowMs) : value * 1_000);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
