import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { Agent, request } from 'undici';

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
  /** A header by its name in lower case. */
  header(name: string): string | null;
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
    // Not fetch: that refuses a list of ports on which a stand-in for TikTok may well listen.
    const response = await request(url, {
      headers: { ...headers, 'Accept-Encoding': 'gzip, deflate' },
      signal: controller.signal,
      dispatcher,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      // Throwing out of the loop cancels the body, and with it the connection.
      if (size > maxBytes) throw new HttpFailure('too_large', `${url.host} answered with more than ${maxBytes} bytes.`);
      chunks.push(chunk);
    }
    const header = (name: string): string | null => [response.headers[name]].flat()[0] ?? null;
    return { status: response.statusCode, header, body: await unpack(Buffer.concat(chunks), header('content-encoding'), maxBytes) };
  } catch (error) {
    throw error instanceof HttpFailure ? error : new HttpFailure(kind, describe(kind, error, url, timeoutMs), error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

const gunzipAsync = promisify(gunzip);
const inflateAsync = promisify(inflate);

async function unpack(body: Buffer, encoding: string | null, maxOutputLength: number): Promise<Buffer> {
  if (encoding === 'gzip') return await gunzipAsync(body, { maxOutputLength });
  return encoding === 'deflate' ? await inflateAsync(body, { maxOutputLength }) : body;
}

function describe(kind: HttpFailureKind, error: unknown, url: URL, timeoutMs: number): string {
  if (kind === 'timeout') return `${url.host} did not answer within ${timeoutMs} ms.`;
  const { code } = Object(error) as { code?: unknown };
  return `${url.host}: ${String(code ?? error)}`;
}
