const LONG_DIGITS = /\d{16}/;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const INTEGER = /^-?\d+$/;

/**
 * JSON.parse that keeps integers beyond 2^53 as strings of their digits: TikTok sends its 19-digit ids as JSON numbers, which
 * JSON.parse rounds to other ids.
 * @throws SyntaxError exactly where JSON.parse does
 */
export function parseLossless(text: string): unknown {
  const plain: unknown = JSON.parse(text);
  return LONG_DIGITS.test(text) ? JSON.parse(quoteLongIntegers(text)) : plain;
}

/** Walks over valid JSON: strings are copied as they are, long integers get quotes. */
function quoteLongIntegers(json: string): string {
  let quoted = '';
  let copied = 0;
  for (let at = 0; at < json.length; ) {
    const char = json[at]!;
    if (char === '"') {
      at = endOfString(json, at);
    } else if (char === '-' || (char >= '0' && char <= '9')) {
      NUMBER.lastIndex = at;
      const literal = NUMBER.exec(json)![0];
      if (INTEGER.test(literal) && !Number.isSafeInteger(Number(literal))) {
        quoted += `${json.slice(copied, at)}"${literal}"`;
        copied = at + literal.length;
      }
      at += literal.length;
    } else {
      at += 1;
    }
  }
  return quoted + json.slice(copied);
}

/** Position after the closing quote of the string that opens at `start`. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}
