import type { SignBudget } from '../../domain/contracts/live-connection.ts';
import type { Browser } from './browser.ts';
import { LiveError, abortedError } from './errors.ts';
import { HttpFailure, get, type HttpAnswer, type HttpRequest } from './http.ts';
import { mayCarrySession, redactor, sessionCookies } from './secrets.ts';

export interface LiveUrls {
  /** TikTok's web site. */
  web: string;
  /** TikTok's webcast API. */
  webcast: string;
  /** The sign service. */
  sign: string;
}

/** Milliseconds. */
export interface LiveTimeouts {
  /** One call to TikTok. */
  http: number;
  /** One call to the sign service; it opens a browser session for us and takes its time. */
  sign: number;
  handshake: number;
  /** A socket that does not close in so long is torn down. */
  close: number;
  /** Between the heartbeats that TikTok expects. */
  heartbeat: number;
}

export const DEFAULT_TIMEOUTS: LiveTimeouts = { http: 10_000, sign: 20_000, handshake: 15_000, close: 2_000, heartbeat: 10_000 };

/** Takes pino's loggers. */
export interface LiveLogger {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What the parts of one client share. */
export interface LiveContext {
  urls: LiveUrls;
  signApiKey: string | null;
  signBudget: SignBudget;
  timeouts: LiveTimeouts;
  maxPayloadBytes: number;
  browser: Browser;
  logger: LiveLogger;
}

/** One person's call: its cookie, its end, and the words that must not get out. */
export interface Call {
  cookie: string | null;
  signal: AbortSignal;
  /** Cleans what others wrote, before anybody sees it. */
  redact: (text: string) => string;
}

export function createCall(context: LiveContext, cookie: string | null, signal: AbortSignal): Call {
  return { cookie, signal, redact: redactor([cookie, context.signApiKey]) };
}

/** GET at TikTok, as the connector's browser. The session goes along only where `withSession`, and never over plain http off this machine. */
export async function getFromTikTok(context: LiveContext, call: Call, url: URL, withSession = false): Promise<HttpAnswer> {
  const headers = { ...context.browser.headers };
  const cookies = withSession ? sessionCookies(call.cookie) : [];
  if (cookies.length > 0 && mayCarrySession(url)) headers['Cookie'] = cookies.join('; ');
  return await getOrFail({ url, headers, signal: call.signal, timeoutMs: context.timeouts.http }, call, 'tiktok_unreachable');
}

/** An HTTP call whose failure is a LiveError of the given code. */
export async function getOrFail(request: HttpRequest, call: Call, code: 'tiktok_unreachable' | 'sign_unavailable'): Promise<HttpAnswer> {
  try {
    return await get(request);
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    if (error.kind === 'aborted') throw abortedError();
    throw new LiveError(error.kind === 'too_large' ? 'tiktok_bad_response' : code, { detail: call.redact(error.message) });
  }
}

/** `path` under a base URL, which may have a path of its own. */
export function urlUnder(base: string, path: string, params: Record<string, string> = {}): URL {
  const url = new URL(`${base.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`);
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  return url;
}

/** A JSON object, undefined where the bytes are none. */
export function parseJson(body: Buffer): { [key: string]: unknown } | undefined {
  try {
    return asObject(JSON.parse(body.toString('utf8')));
  } catch {
    // "Not JSON" is an answer: the callers say what it means.
    return undefined;
  }
}

export const asObject = (value: unknown): { [key: string]: unknown } | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { [key: string]: unknown }) : undefined;

export const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
