/** In JSON text a backslash that is itself escaped, a NUL, or half a surrogate pair (JSON.stringify escapes no other surrogate). */
const UNFIT = /\\(\\|u0000|ud[89a-f][0-9a-f]{2})/g;

/**
 * JSON that PostgreSQL takes: it refuses NUL and half surrogate pairs, which viewers can send and cutting a text can leave.
 * One such character must not hold up a whole livestream, so it becomes U+FFFD.
 */
export function jsonbText(value: unknown): string {
  return JSON.stringify(value).replace(UNFIT, (match, escaped: string) => (escaped === '\\' ? match : '\\ufffd'));
}
