/** Connection exceptions, shutdowns and too many connections: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const OUTAGE_STATES = /^(08...|57P0[123]|53300)$/;
const OUTAGE_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE', 'EHOSTUNREACH']);
/** What pg says without a code. */
const OUTAGE_WORDS = /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/;

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? codeOf(error.cause) : '';
}

/** PostgreSQL is not there (any more): the request may be repeated. */
export function isOutage(error: Error): boolean {
  const code = codeOf(error);
  return OUTAGE_STATES.test(code) || OUTAGE_CODES.has(code) || OUTAGE_WORDS.test(error.message);
}

/** A character or escape that PostgreSQL's text and jsonb refuse (22021, 22P05). */
export const unstorableText = (error: Error): boolean => ['22021', '22P05'].includes(codeOf(error));

/** The constraint that a statement broke, null for any other error. */
export function brokenConstraint(error: unknown): string | null {
  return error instanceof Error && 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : null;
}
