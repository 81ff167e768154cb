import type { ShopFailure, ShopItemFailure } from '../../domain/contracts/shop-api.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { codeOfShopError, isIndefinite, retryOf } from '../../domain/shop/error-table.ts';
import { connectionFault } from '../http/connection-faults.ts';
import type { Redactor } from '../http/redact.ts';

export interface ShopRefusal {
  status: number;
  /** null: TikTok gave none. */
  tiktok_code: number | null;
  message: string;
  request_id: string | null;
  retry_after_ms: number | null;
}

/** TikTok Shop answered, and not as we hoped. */
export function refusal({ status, tiktok_code, message, request_id, retry_after_ms }: ShopRefusal): ShopFailure {
  const code = codeOfShopError(tiktok_code, message, status);
  return {
    ok: false,
    code,
    reason: wordsOf(tiktok_code === null ? `HTTP ${status}` : String(tiktok_code), message, request_id),
    tiktok_code,
    definite: status < 500 && !isIndefinite(code),
    retry: retryOf(code),
    retry_after_ms,
  };
}

const wordsOf = (code: string, message: string, requestId: string | null): string =>
  `TikTok Shop: ${code}${message === '' ? '' : `, “${message}”`}${requestId === null ? '' : ` (request_id ${requestId})`}.`;

const failure = (code: ErrorCode, reason: string, definite: boolean, retry_after_ms: number | null = null): ShopFailure => ({
  ok: false,
  code,
  reason,
  tiktok_code: null,
  definite,
  retry: retryOf(code),
  retry_after_ms,
});

/** TikTok Shop answered something that is not its protocol. Whether it did what it was asked, nobody knows, unless `definite`. */
export const badAnswer = (reason: string, definite = false): ShopFailure => failure('tiktok_bad_response', reason, definite);

export const timedOut = (timeoutMs: number): ShopFailure => failure('tiktok_unreachable', `TikTok Shop did not answer within ${timeoutMs / 1_000} s.`, false);

/** A connection that could not be made, or that broke. */
export function connectionFailure(error: unknown): ShopFailure {
  const { reason, unsent } = connectionFault(error);
  return failure('tiktok_unreachable', reason, unsent);
}

/** Our own queue for a shop is as long as it may get. @param waitMs when there is room again, as far as is known */
export const tooManyWaiting = (waitMs: number): ShopFailure =>
  failure('tiktok_rate_limited', 'Too many calls to this shop wait already for TikTok Shop’s limit.', true, Math.ceil(waitMs));

export const closed = (): ShopFailure => failure('unavailable', 'The client of TikTok Shop is closed.', true);

/** What was to be sent could never be right. */
export const badInput = (reason: string): ShopFailure => failure('tiktok_invalid_params', reason, true);

/** A part of `detail.extra_errors`, where the outer code says no more than that there are some. */
interface PartFailure {
  code: number | null;
  message: string;
}
export interface SaidItemFailure extends PartFailure {
  id: string | null;
  parts: PartFailure[];
}

/** An error of a batch that was otherwise done; the most telling of its codes decides. */
export function itemFailure({ id, parts, ...outer }: SaidItemFailure, requestId: string | null, redact: Redactor): ShopItemFailure {
  const codes = [...parts, outer].map(({ code, message }) => codeOfShopError(code, message, 200));
  const code = codes.find((known) => known !== 'shop_refused') ?? 'shop_refused';
  const said = [outer, ...parts].filter(({ message }, at, all) => message !== '' && all.findIndex((other) => other.message === message) === at);
  const message = redact(said.map((part) => part.message).join('; '));
  return { id, code, tiktok_code: outer.code, reason: wordsOf(String(outer.code ?? 'an error'), message, requestId), retry: retryOf(code) };
}
