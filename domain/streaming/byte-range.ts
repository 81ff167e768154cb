/** Bytes first to last, both included. */
export interface ByteRange {
  first: number;
  last: number;
}

/**
 * What a Range header asks for (RFC 9110, section 14: https://www.rfc-editor.org/rfc/rfc9110#section-14). null: the whole, since
 * there is no header, it is no range of bytes, or it asks for several, which a server may ignore.
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | null {
  const [, first = '', last = ''] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '') ?? [];
  if (first === '' && last === '') return null;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { first: size - length, last: size - 1 };
  }
  if (last !== '' && Number(last) < Number(first)) return null;
  if (Number(first) >= size) return 'unsatisfiable';
  return { first: Number(first), last: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}
