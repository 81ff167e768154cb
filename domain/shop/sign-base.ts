/** What of a request its signature covers. */
export interface SignedRequest {
  /** As sent, from the host on, without the query. */
  path: string;
  /** Decoded, in any order. A name that comes twice counts with its first value. */
  query: readonly (readonly [name: string, value: string])[];
  /** The very text that is sent; null or '': none. */
  body: string | null;
  content_type: string | null;
}

/** Not signed, so that either may come along in the query. */
const UNSIGNED = new Set(['sign', 'access_token']);

/**
 * The text that a signature of TikTok Shop is made over, without the secret around it:
 * https://partner.tiktokshop.com/docv2/page/sign-your-api-request.
 */
export function signBase({ path, query, body, content_type }: SignedRequest): string {
  const firsts = new Map<string, string>();
  for (const [name, value] of query) if (!UNSIGNED.has(name) && !firsts.has(name)) firsts.set(name, value);
  const parameters = [...firsts].sort(([a], [b]) => byCodePoint(a, b)).map(([name, value]) => `${name}${value}`);
  return `${path}${parameters.join('')}${isMultipart(content_type) ? '' : (body ?? '')}`;
}

/** Parts of a form are not signed, whatever boundary the header names. */
const isMultipart = (contentType: string | null): boolean => contentType?.split(';')[0]?.trim().toLowerCase() === 'multipart/form-data';

/** Neither by the rules of a language (localeCompare) nor by UTF-16 units, which place U+FFxx behind what lies beyond them. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const difference = left[at]!.codePointAt(0)! - right[at]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
