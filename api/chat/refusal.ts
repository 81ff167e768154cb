import { AppError, ERRORS, type ErrorCode } from '../../domain/errors.ts';
import type { ChatAck } from '../../domain/contracts/chat.ts';
import { isOutage } from '../database-faults.ts';

/** A refusal that says when to come again. */
export class ChatRefusal extends AppError {
  readonly retryAfterMs: number | null;

  constructor(code: ErrorCode, { detail = null, retryAfterMs = null }: { detail?: string | null; retryAfterMs?: number | null } = {}) {
    super(code, detail);
    this.name = 'ChatRefusal';
    this.retryAfterMs = retryAfterMs;
  }
}

export type Refused = Extract<ChatAck, { ok: false }>;

/** What a socket is told of an error. @returns unexpected: it is our fault and belongs into the log */
export function refusalOf(error: unknown): { answer: Refused; unexpected: boolean } {
  if (error instanceof AppError) {
    return { answer: { ok: false, code: error.code, message: error.message, retry_after_ms: error instanceof ChatRefusal ? error.retryAfterMs : null }, unexpected: false };
  }
  const code = error instanceof Error && isOutage(error) ? 'unavailable' : 'internal';
  return { answer: { ok: false, code, message: ERRORS[code].message, retry_after_ms: code === 'unavailable' ? 1_000 : null }, unexpected: true };
}
