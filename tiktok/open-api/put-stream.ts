import { request as httpRequest, type Agent as HttpAgent, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type Agent as HttpsAgent } from 'node:https';
import { AppError } from '../../domain/errors.ts';
import type { UploadBody } from './client.ts';

export interface PutAgents {
  http: HttpAgent;
  https: HttpsAgent;
}

export interface PutStream {
  url: string;
  headers: { [name: string]: string };
  body: UploadBody;
  /** So many bytes must come out of `body`, neither less nor more. */
  length: number;
  /** Called with numbers of bytes that have left this process. */
  onSent?: ((bytes: number) => void) | undefined;
  /** Without a byte sent or received for so long, the request ends. */
  idleMs: number;
  agents: PutAgents;
  signal?: AbortSignal | undefined;
}

export interface PutAnswer {
  status: number;
  content_range: string | null;
  retry_after: string | null;
  log_id: string | null;
  text: string;
}

/** The request ended without an answer. */
export class NoAnswer extends Error {
  readonly kind: 'idle' | 'connection';

  constructor(kind: 'idle' | 'connection', cause?: unknown) {
    super(kind === 'idle' ? 'No byte went through for too long.' : 'The connection broke.', { cause });
    this.name = 'NoAnswer';
    this.kind = kind;
  }
}

const MAX_ANSWER_BYTES = 64 * 1024;
const CHECKS_PER_IDLE = 4;

/**
 * PUT of a stream, at the speed at which the other side takes it. An answer that comes before the last byte ends the sending: what it
 * says is final. `body` is destroyed in any case.
 * @throws NoAnswer, what `body` failed with, AppError('media_changed') where it has another length, signal.reason
 */
export function putStream({ url, headers, body, length, onSent, idleMs, agents, signal }: PutStream): Promise<PutAnswer> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    const request = open(url, headers, agents);
    const settle = (finish: () => void): void => {
      clearInterval(watch);
      signal?.removeEventListener('abort', onAbort);
      body.off('data', send);
      body.destroy();
      finish();
    };
    const fail = (error: Error): void =>
      settle(() => {
        request.destroy();
        reject(error);
      });
    const onAbort = (): void => fail(signal!.reason as Error);
    const watch = watchProgress(request, idleMs, () => fail(new NoAnswer('idle')));

    request.on('error', (cause) => fail(new NoAnswer('connection', cause)));
    request.on('response', (response) => {
      // Nothing that is sent from here on can matter.
      body.off('data', send);
      body.destroy();
      void readAnswer(response).then((answer) =>
        settle(() => {
          // Before the last byte the connection is of no more use.
          if (!request.writableFinished) request.destroy();
          resolve(answer);
        }),
      );
    });
    const send = (part: Buffer): void => {
      sent += part.length;
      if (sent > length) return fail(new AppError('media_changed', `more than the ${length} bytes that were promised came`));
      const hasRoom = request.write(part, (error) => {
        if (error) return;
        body.release?.(part);
        onSent?.(part.length);
      });
      if (!hasRoom) body.pause();
    };
    request.on('drain', () => body.resume());
    body.on('error', fail);
    if (body.destroyed) return fail(body.errored ?? new AppError('media_changed', 'the bytes were gone before they were sent'));
    body.on('end', () => (sent === length ? request.end() : fail(new AppError('media_changed', `${sent} of ${length} bytes came`))));
    body.on('data', send);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
  });
}

function open(url: string, headers: { [name: string]: string }, agents: PutAgents): ClientRequest {
  return url.startsWith('https:')
    ? httpsRequest(url, { method: 'PUT', headers, agent: agents.https })
    : httpRequest(url, { method: 'PUT', headers, agent: agents.http });
}

function watchProgress(request: ClientRequest, idleMs: number, onIdle: () => void): NodeJS.Timeout {
  let last = -1;
  let strikes = 0;
  return setInterval(() => {
    const now = (request.socket?.bytesWritten ?? 0) + (request.socket?.bytesRead ?? 0);
    strikes = now === last ? strikes + 1 : 0;
    last = now;
    if (strikes >= CHECKS_PER_IDLE) onIdle();
  }, Math.max(1, idleMs / CHECKS_PER_IDLE));
}

/** Never fails: the status says what happened, whatever becomes of the words after it. */
async function readAnswer(response: IncomingMessage): Promise<PutAnswer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part);
      bytes += part.length;
      if (bytes >= MAX_ANSWER_BYTES) break;
    }
  } catch (error) {
    parts.push(Buffer.from(` (cut short: ${error instanceof Error ? error.message : String(error)})`));
  }
  const header = (name: string): string | null => {
    const value = response.headers[name];
    return Array.isArray(value) ? (value[0] ?? null) : (value ?? null);
  };
  return {
    status: response.statusCode ?? 0,
    content_range: header('content-range'),
    retry_after: header('retry-after'),
    log_id: header('x-tt-logid'),
    text: Buffer.concat(parts).toString('utf8'),
  };
}
