import { Agent, request } from 'undici';
import { parseRetryAfter } from '../../domain/http-outcomes.ts';

export interface PostAnswer {
  status: number;
  text: string;
  retry_after_ms: number | null;
}

export interface Poster {
  /**
   * @param headers of the request, its type among them
   * @throws Error whose message says why there is no answer; never with what was sent
   */
  post(url: string, headers: { [name: string]: string }, body: string): Promise<PostAnswer>;
  /** Idempotent. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024;
const CONNECTIONS = 64;

/** Keep-alive HTTP for one service. @param timeoutMs from connecting to the answer's last byte */
export function createPoster(timeoutMs: number): Poster {
  const agent = new Agent({ connections: CONNECTIONS, pipelining: 1, keepAliveTimeout: 10_000, connect: { timeout: Math.min(5_000, timeoutMs) } });
  let closing: Promise<void> | null = null;
  return {
    async post(url, headers, body) {
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const answer = await request(url, { dispatcher: agent, method: 'POST', headers, body, signal });
        return { status: answer.statusCode, text: await readBounded(answer.body), retry_after_ms: parseRetryAfter(one(answer.headers['retry-after']), Date.now()) };
      } catch (error) {
        if (signal.aborted) throw new Error(`no answer within ${timeoutMs / 1_000} s`, { cause: error });
        throw new Error(wordsOf(error), { cause: error });
      }
    },
    close: () => (closing ??= agent.destroy()),
  };
}

async function readBounded(body: AsyncIterable<Buffer> & { destroy(): void }): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    parts.push(part);
    bytes += part.length;
    if (bytes < MAX_BODY_BYTES) continue;
    body.destroy();
    break;
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Several addresses, each refusing: the message of an AggregateError is empty. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(wordsOf).join('; ');
  return error instanceof Error ? error.message || error.name : String(error);
}

const one = (value: string | string[] | undefined): string | null => (Array.isArray(value) ? (value[0] ?? null) : (value ?? null));
