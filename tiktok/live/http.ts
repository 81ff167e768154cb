import { Agent, fetch } from 'undici';

/** One connection for each request: calls are rare, and none is left open behind a closed session. */
const dispatcher = new Agent({ pipelining: 0, connect: { timeout: 10_000 } });

export interface HttpRequest {
  url: URL;
  headers: Record<string, string>;
  signal: AbortSignal;
  timeoutMs: number;
  /** Larger bodies are refused. */
  maxBytes?: number;
}

export interface HttpAnswer {
  status: number;
  headers: { get(name: string): string | null };
  body: Buffer;
}

export type HttpFailureKind = 'aborted' | 'timeout' | 'network' | 'too_large';

export class HttpFailure extends Error {
  readonly kind: HttpFailureKind;

  constructor(kind: HttpFailureKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'HttpFailure';
    this.kind = kind;
  }
}

const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;

/**
 * GET that follows no redirect, ends in time and takes no more than it may.
 * @throws HttpFailure; any status is an answer
 */
export async function get({ url, headers, signal, timeoutMs, maxBytes = DEFAULT_MAX_BYTES }: HttpRequest): Promise<HttpAnswer> {
  if (signal.aborted) throw new HttpFailure('aborted', 'The call was called off.');
  const controller = new AbortController();
  let kind: HttpFailureKind = 'network';
  const stop = (because: HttpFailureKind): void => {
    kind = because;
    controller.abort();
  };
  const onAbort = (): void => stop('aborted');
  const timer = setTimeout(() => stop('timeout'), timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const response = await fetch(url, { headers, redirect: 'manual', signal: controller.signal, dispatcher });
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      // Throwing out of the loop cancels the body, and with it the connection.
      if (size > maxBytes) throw new HttpFailure('too_large', `${url.host} answered with more than ${maxBytes} bytes.`);
      chunks.push(chunk);
    }
    return { status: response.status, headers: response.headers, body: Buffer.concat(chunks) };
  } catch (error) {
    throw error instanceof HttpFailure ? error : new HttpFailure(kind, describe(kind, error, url, timeoutMs), error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function describe(kind: HttpFailureKind, error: unknown, url: URL, timeoutMs: number): string {
  if (kind === 'timeout') return `${url.host} did not answer within ${timeoutMs} ms.`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return `${url.host}: ${code}`;
}
