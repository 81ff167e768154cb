/** The syntax inside `{{ }}`: a field or a quoted text, then filters after bars, each with at most one argument after a colon. */

export type Literal = string | number | boolean;

export interface FilterCall {
  name: string;
  argument: Literal | null;
}

export interface ScannedExpression {
  head: { kind: 'field'; field: string } | { kind: 'text'; text: string };
  calls: FilterCall[];
  /** Where the text goes on, after the closing braces. */
  end: number;
}

interface Token {
  kind: 'word' | 'text' | '|' | ':' | '}}';
  text: string;
  end: number;
}

const MAX_FILTERS = 10;
const UNCLOSED = 'has "{{" without "}}"';

/**
 * Scans one expression, one character after the other.
 * @param from the index after the opening braces
 */
export function scanExpression(source: string, from: number): ScannedExpression | { fault: string } {
  const head = nextToken(source, from);
  if ('fault' in head) return head;
  if (head.kind !== 'word' && head.kind !== 'text') return { fault: 'has an expression without a field' };
  const calls: FilterCall[] = [];
  let token = nextToken(source, head.end);
  while (!('fault' in token) && token.kind === '|') {
    const name = nextToken(source, token.end);
    if ('fault' in name) return name;
    if (name.kind !== 'word') return { fault: 'has a bar without a filter after it' };
    if (calls.length === MAX_FILTERS) return { fault: `has an expression with more than ${MAX_FILTERS} filters` };
    const argument = scanArgument(source, name.end);
    if ('fault' in argument) return argument;
    calls.push({ name: name.text, argument: argument.value });
    token = nextToken(source, argument.end);
  }
  if ('fault' in token) return token;
  if (token.kind !== '}}') return { fault: `has an expression that goes on with "${token.text.slice(0, 40)}" where a bar or "}}" is due` };
  return { head: head.kind === 'text' ? { kind: 'text', text: head.text } : { kind: 'field', field: head.text }, calls, end: token.end };
}

function scanArgument(source: string, from: number): { value: Literal | null; end: number } | { fault: string } {
  const colon = nextToken(source, from);
  if ('fault' in colon) return colon;
  if (colon.kind !== ':') return { value: null, end: from };
  const argument = nextToken(source, colon.end);
  if ('fault' in argument) return argument;
  if (argument.kind === 'text') return { value: argument.text, end: argument.end };
  if (argument.kind !== 'word') return { fault: 'has a colon without a value after it' };
  if (argument.text === 'true' || argument.text === 'false') return { value: argument.text === 'true', end: argument.end };
  const number = Number(argument.text);
  if (!Number.isFinite(number)) return { fault: `has an argument that is neither quoted nor a number: ${argument.text.slice(0, 40)}` };
  return { value: number, end: argument.end };
}

function nextToken(source: string, from: number): Token | { fault: string } {
  let at = from;
  while (isSpace(source[at])) at += 1;
  const character = source[at];
  if (character === undefined) return { fault: UNCLOSED };
  if (source.startsWith('}}', at)) return { kind: '}}', text: '}}', end: at + 2 };
  if (character === '|' || character === ':') return { kind: character, text: character, end: at + 1 };
  if (character === '"' || character === "'") return quoted(source, at, character);
  let end = at;
  while (end < source.length && !isSpace(source[end]) && !'|:"\'{}'.includes(source[end]!)) end += 1;
  if (end === at) return { fault: `has "${character}" inside an expression` };
  return { kind: 'word', text: source.slice(at, end), end };
}

/** A backslash takes the next character as it is. */
function quoted(source: string, open: number, quote: string): Token | { fault: string } {
  let text = '';
  for (let at = open + 1; at < source.length; at += 1) {
    const character = source[at]!;
    if (character === quote) return { kind: 'text', text, end: at + 1 };
    if (character === '\\') at += 1;
    text += source[at] ?? '';
  }
  return { fault: 'has a quoted text that does not end' };
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r';
}
