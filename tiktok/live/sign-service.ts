import { LIBRARY_IDENTITY } from 'tiktok-live-connector';
import type { SignObservation } from '../../domain/contracts/live-connection.ts';
import { getOrFail, parseJson, urlUnder, type Call, type LiveContext } from './context.ts';
import { LiveError, abortedError } from './errors.ts';
import type { HttpAnswer } from './http.ts';
import { AGE_RESTRICTED_STATUS, wordsOf } from './room-info.ts';
import { mayCarrySession, sessionCookies } from './secrets.ts';
import { decodeFetchResult, type FetchResult } from './wire/envelope.ts';

export interface SignedRoom {
  room_id: string;
  /** name=value of the cookie that the push socket wants. */
  cookie: string;
  first: FetchResult;
  bytes: number;
}

/** Waited for where the service says "too many" and not until when. */
const DEFAULT_RETRY_MS = 60_000;
/** Below: seconds from now, above: an epoch. The service says epoch seconds; others of its kind say the former. */
const SMALLEST_EPOCH = 1_000_000_000;
const MILLISECONDS_EPOCH = 100_000_000_000;

/**
 * Has the sign service open a room: one call of the allowance.
 * @param cursor where to resume; empty on a first connect
 * @throws LiveError sign_*, age_restricted, tiktok_bad_response
 */
export async function signRoom(context: LiveContext, call: Call, roomId: string, cursor: string): Promise<SignedRoom> {
  const url = urlUnder(context.urls.sign, `webcast/rooms/${roomId}/connect`, {
    client: LIBRARY_IDENTITY,
    cursor,
    user_agent: context.browser.userAgent,
    client_enter: 'true',
    platform: 'web',
  });
  const headers = signHeaders(context, 'application/protobuf,application/json');
  const cookies = sessionCookies(call.cookie);
  if (cookies.length > 0 && mayCarrySession(url)) headers['x-cookie-header'] = cookies.join('; ');
  const answer = await getOrFail({ url, headers, signal: call.signal, timeoutMs: context.timeouts.sign }, call, 'sign_unavailable');
  await reportLimits(context, answer, answer.status);
  if (answer.status !== 200) throw refusal(call, answer);
  return signedRoom(answer, roomId);
}

/** Waits until this livestream may ask the sign service. */
export async function acquireTurn(context: LiveContext, call: Call, livestreamId: string): Promise<void> {
  if (call.signal.aborted) throw abortedError();
  try {
    await context.signBudget.acquire(livestreamId, call.signal);
  } catch (error) {
    if (call.signal.aborted) throw abortedError();
    throw new LiveError('unavailable', {
      detail: `The queue for the sign service: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
}

export function signHeaders(context: LiveContext, accept: string): Record<string, string> {
  const headers: Record<string, string> = { Accept: accept, 'User-Agent': context.browser.userAgent };
  if (context.signApiKey) headers['x-api-key'] = context.signApiKey;
  return headers;
}

/** Tells the shared budget what the service said of its allowance; that it could not be told stops nobody. */
export async function reportLimits(context: LiveContext, answer: HttpAnswer, status: number): Promise<void> {
  const observation = observationOf(answer, status, Date.now());
  if (Object.keys(observation).length === 0) return;
  try {
    await context.signBudget.report(observation);
  } catch (error) {
    context.logger.warn({ err: error }, 'the allowance of the sign service could not be noted');
  }
}

function observationOf({ header }: HttpAnswer, status: number, nowMs: number): SignObservation {
  const observation: SignObservation = {};
  const limit = wholeNumber(header('x-ratelimit-limit'));
  const remaining = wholeNumber(header('x-ratelimit-remaining'));
  const reset = epochMs(header('x-ratelimit-reset'), nowMs);
  if (limit !== undefined) observation.limit = limit;
  if (remaining !== undefined) observation.remaining = remaining;
  if (reset !== undefined) observation.reset_at_ms = reset;
  if (status === 429) observation.blocked_until_ms = nowMs + retryAfterMs(header, nowMs);
  return observation;
}

function refusal(call: Call, answer: HttpAnswer): LiveError {
  const body = parseJson(answer.body);
  const detail = wordsOf(call, body) ?? `HTTP ${answer.status}`;
  const { status, header } = answer;
  if (status === 429) return new LiveError('sign_rate_limited', { detail, retry_after_ms: retryAfterMs(header, Date.now()) });
  if (status >= 500) return new LiveError('sign_unavailable', { detail });
  if (isAgeRestriction(body, detail)) return new LiveError('age_restricted', { detail });
  if (status === 402) return new LiveError('sign_payment_required', { detail });
  if (status === 401 || status === 403) return new LiveError('sign_unauthorized', { detail });
  return new LiveError('tiktok_refused', { detail });
}

function isAgeRestriction(body: { [key: string]: unknown } | undefined, detail: string): boolean {
  const codes = [body?.['status_code'], body?.['code'], body?.['error_code']].map(Number);
  return codes.includes(AGE_RESTRICTED_STATUS) || /\bage[- _]?restrict/i.test(detail);
}

/** @throws LiveError tiktok_bad_response where the answer lacks what the push socket needs */
function signedRoom(answer: HttpAnswer, roomId: string): SignedRoom {
  const cookie = answer.header('x-set-tt-cookie')?.split(';')[0]?.trim();
  if (!cookie) throw new LiveError('tiktok_bad_response', { detail: 'The sign service gave no cookie.' });
  const first = decodeAnswer(answer.body);
  if (!first.cursor) throw new LiveError('tiktok_bad_response', { detail: 'The sign service gave no cursor.' });
  if (!first.pushServer) throw new LiveError('tiktok_bad_response', { detail: 'The sign service gave no push server.' });
  return { room_id: answer.header('x-room-id') || roomId, cookie, first, bytes: answer.body.length };
}

function decodeAnswer(body: Buffer): FetchResult {
  try {
    return decodeFetchResult(body);
  } catch (cause) {
    throw new LiveError('tiktok_bad_response', { detail: 'The sign service’s answer is no protobuf.', cause });
  }
}

function retryAfterMs(header: HttpAnswer['header'], nowMs: number): number {
  const given = header('retry-after');
  const seconds = wholeNumber(given);
  if (seconds !== undefined) return seconds * 1_000;
  const until = given === null ? epochMs(header('x-ratelimit-reset'), nowMs) : Date.parse(given);
  return until === undefined || Number.isNaN(until) ? DEFAULT_RETRY_MS : Math.max(0, until - nowMs);
}

function epochMs(value: string | null, nowMs: number): number | undefined {
  const number = wholeNumber(value);
  if (number === undefined) return undefined;
  if (number < SMALLEST_EPOCH) return nowMs + number * 1_000;
  return number < MILLISECONDS_EPOCH ? number * 1_000 : number;
}

const wholeNumber = (value: string | null): number | undefined =>
  value !== null && /^\d{1,15}$/.test(value.trim()) ? Number(value) : undefined;
