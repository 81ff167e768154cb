import { Agent, errors, request as undiciRequest, type Dispatcher } from 'undici';
import type { OutgoingFailure, OutgoingHttp, OutgoingRequest, OutgoingResponse } from '../domain/contracts/outgoing-http.ts';
import { parseRetryAfter } from '../domain/http-outcomes.ts';
import {
  assertAllowedLiteral,
  guardedLookup,
  isPublicAddress,
  PrivateAddressError,
  resolveByDns,
  type ResolveHost,
} from './public-address.ts';

export interface OutgoingHttpOptions {
  /** ALLOW_PRIVATE_WEBHOOKS: private addresses too. */
  allowPrivate: boolean;
  /** Default: DNS. */
  resolve?: ResolveHost;
  /** Default: isPublicAddress. */
  isPublic?: (address: string) => boolean;
  /** Connections to one origin at most. */
  connections?: number;
}

const MAX_REDIRECTS = 3;
/** What is read of an answer before the connection is given up, and what is kept of it. */
const MAX_READ_BYTES = 65_536;
const KEPT_BYTES = 2_048;
const CONNECT_TIMEOUT_MS = 5_000;
/** Meant for the host that they were given for. */
const PERSONAL_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** Keep-alive HTTP client with the guard; shared by webhooks, chat notifications and HTTP devices. */
export function createOutgoingHttp(options: OutgoingHttpOptions): OutgoingHttp {
  const { allowPrivate, resolve = resolveByDns, isPublic = isPublicAddress, connections = 16 } = options;
  const isAllowed = allowPrivate ? () => true : isPublic;
  const agent = new Agent({
    connections,
    pipelining: 1,
    keepAliveTimeout: 10_000,
    connect: { lookup: guardedLookup(resolve, isAllowed), timeout: CONNECT_TIMEOUT_MS },
  });
  let closing: Promise<void> | null = null;

  const follow = async (first: OutgoingRequest, signal: AbortSignal): Promise<OutgoingResponse | OutgoingFailure> => {
    let current = first;
    for (let redirects = 0; ; redirects += 1) {
      const url = parseUrl(current.url);
      if (!url) return failure('invalid_url', `${current.url.slice(0, 200)} is not an http or https URL.`);
      assertAllowedLiteral(url.hostname, isAllowed);
      const answer = await exchange(agent, current, signal);
      const next = redirects < MAX_REDIRECTS ? redirected(current, answer) : null;
      if (!next) return answer;
      current = next;
    }
  };

  return {
    async request(request, signal) {
      // AbortSignal.any would keep every request alive for as long as the worker's own signal lives.
      const abort = new AbortController();
      const onAbort = (): void => abort.abort();
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        abort.abort();
      }, request.timeout_ms);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      try {
        return await follow(request, abort.signal);
      } catch (error) {
        if (timedOut) return failure('target_timeout', `There was no answer within ${request.timeout_ms} ms.`);
        return failureOf(error);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      }
    },
    close: () => (closing ??= agent.destroy()),
  };
}

async function exchange(agent: Agent, { method, url, headers, body }: OutgoingRequest, signal: AbortSignal): Promise<OutgoingResponse> {
  const answer = await undiciRequest(url, { dispatcher: agent, method: method as Dispatcher.HttpMethod, headers, body, signal });
  const location = answer.statusCode >= 300 && answer.statusCode < 400 ? one(answer.headers.location) : null;
  return {
    kind: 'response',
    status: answer.statusCode,
    body: await readStart(answer.body),
    retry_after_ms: parseRetryAfter(one(answer.headers['retry-after']), Date.now()),
    location: location && URL.canParse(location, url) ? new URL(location, url).href : location,
  };
}

async function readStart(body: AsyncIterable<Buffer> & { destroy(): void }): Promise<string> {
  const kept: Buffer[] = [];
  let read = 0;
  for await (const chunk of body) {
    if (read < KEPT_BYTES) kept.push(chunk.subarray(0, KEPT_BYTES - read));
    read += chunk.length;
    if (read >= MAX_READ_BYTES) {
      body.destroy();
      break;
    }
  }
  return new TextDecoder().decode(Buffer.concat(kept), { stream: true });
}

/** The request that a redirect leads to; null where it is none, or none that may be repeated as it was. */
function redirected(request: OutgoingRequest, { status, location }: OutgoingResponse): OutgoingRequest | null {
  if (location === null || !URL.canParse(location)) return null;
  const harmless = request.method === 'GET' || request.method === 'HEAD';
  if (status !== 307 && status !== 308 && !(harmless && [301, 302, 303].includes(status))) return null;
  const leaves = new URL(location).origin !== new URL(request.url).origin;
  const headers = Object.entries(request.headers).filter(([name]) => !leaves || !PERSONAL_HEADERS.has(name.toLowerCase()));
  return { ...request, url: location, headers: Object.fromEntries(headers) };
}

function parseUrl(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : null;
}

const failure = (code: OutgoingFailure['code'], error: string): OutgoingFailure => ({ kind: 'failure', code, error });

function failureOf(error: unknown): OutgoingFailure {
  if (error instanceof PrivateAddressError) return failure('private_address', error.message);
  if (error instanceof errors.InvalidArgumentError) return failure('invalid_config', error.message);
  return failure('target_unreachable', reasonOf(error));
}

/** Several addresses, each refusing: the message of an AggregateError is empty. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message || error.name : String(error);
}

const one = (value: string | string[] | undefined): string | null => (Array.isArray(value) ? (value[0] ?? null) : (value ?? null));
