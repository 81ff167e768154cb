/** Faults of a connection that never was: TikTok has not seen the request. */
const NEVER_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|EHOSTDOWN|UND_ERR_CONNECT_TIMEOUT|CERT_.+|.+_CERT|.*_VERIFY_.*|ERR_TLS_CERT_.+)$/;

/** What a connection's error means to people, and whether it is known that nothing was sent. */
export function connectionFault(error: unknown): { reason: string; unsent: boolean } {
  const code = errorCode(error);
  const unsent = code !== null && NEVER_SENT.test(code);
  return { reason: `${unsent ? 'TikTok could not be reached' : 'The connection to TikTok broke'}: ${wordsOf(error)}.`, unsent };
}

const errorCode = (error: unknown): string | null => {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : null;
};

/** Several addresses, each refusing: the message of an AggregateError is empty. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return [...new Set(error.errors.map(wordsOf))].join('; ');
  return error instanceof Error ? error.message || errorCode(error) || error.name : String(error);
}
