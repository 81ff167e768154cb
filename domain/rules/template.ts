import { fieldFault, fieldReader, type EventFields, type FieldReader } from './field.ts';
import { filterOf, textOf, type Filter } from './filters.ts';
import { scanExpression, type ScannedExpression } from './template-syntax.ts';

export const TEMPLATE_MAX_EXPRESSIONS = 100;

/** What a rendered text is cut to: a hundred long comments in one message are nobody's intention. */
export const RENDERED_MAX_LENGTH = 100_000;

/** How a value is put into the text around it. */
export type ValueEncoder = (text: string, expression: TemplateExpression) => string;

export interface TemplateExpression {
  /** A filter has percent-encoded the value already. */
  urlEncoded: boolean;
  /** Nothing stands before it. */
  leads: boolean;
}

export interface Template {
  /** The whole text is one expression. */
  isSingle: boolean;
  hasExpressions: boolean;
  /** The text with all values filled in; a value is never read as a template again. */
  text(event: EventFields, encode?: ValueEncoder): string;
  /** The value with its own type where the whole text is one expression ('' for an unknown field), else the text. */
  value(event: EventFields): unknown;
}

export type ParsedTemplate = { ok: true; template: Template } | { ok: false; fault: string };

interface Expression extends TemplateExpression {
  evaluate(event: EventFields): unknown;
}

/** Parses a text with `{{field | filter}}` expressions; the fault is in words for people. Time is linear in the text. */
export function parseTemplate(source: string): ParsedTemplate {
  const parts: (string | Expression)[] = [];
  let at = 0;
  let expressions = 0;
  for (let open = source.indexOf('{{'); open !== -1; open = source.indexOf('{{', at)) {
    expressions += 1;
    if (expressions > TEMPLATE_MAX_EXPRESSIONS) return { ok: false, fault: `has more than ${TEMPLATE_MAX_EXPRESSIONS} expressions` };
    const scanned = scanExpression(source, open + 2);
    if ('fault' in scanned) return { ok: false, fault: scanned.fault };
    const expression = expressionOf(scanned, open === 0);
    if (typeof expression === 'string') return { ok: false, fault: expression };
    if (open > at) parts.push(source.slice(at, open));
    parts.push(expression);
    at = scanned.end;
  }
  if (at < source.length) parts.push(source.slice(at));
  return { ok: true, template: templateOf(parts) };
}

/** Compiles a template; a text with a fault, which validation would not have let through, stands for itself. */
export function compileTemplate(source: string): Template {
  const parsed = parseTemplate(source);
  return parsed.ok ? parsed.template : templateOf([source]);
}

function templateOf(parts: readonly (string | Expression)[]): Template {
  const [first] = parts;
  const single = parts.length === 1 && typeof first === 'object' ? first : null;
  const text = (event: EventFields, encode?: ValueEncoder): string => renderParts(parts, event, encode);
  return {
    isSingle: single !== null,
    hasExpressions: parts.some((part) => typeof part === 'object'),
    text,
    value: (event) => (single ? typedValue(single.evaluate(event)) : text(event)),
  };
}

function renderParts(parts: readonly (string | Expression)[], event: EventFields, encode?: ValueEncoder): string {
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') text += part;
    else {
      const value = textOf(part.evaluate(event));
      text += encode ? encode(value, part) : value;
    }
    if (text.length > RENDERED_MAX_LENGTH) return text.slice(0, RENDERED_MAX_LENGTH);
  }
  return text;
}

function typedValue(value: unknown): unknown {
  if (value === undefined) return '';
  return typeof value === 'string' ? value.slice(0, RENDERED_MAX_LENGTH) : value;
}

/** An expression of what was scanned, or its fault. */
function expressionOf(scanned: ScannedExpression, leads: boolean): Expression | string {
  const { head, calls } = scanned;
  const fault = head.kind === 'field' ? fieldFault(head.field) : null;
  if (fault !== null) return `names a field that ${fault}`;
  const read: FieldReader = head.kind === 'field' ? fieldReader(head.field) : () => head.text;
  const filters: Filter[] = [];
  for (const call of calls) {
    const filter = filterOf(call);
    if (typeof filter === 'string') return filter;
    filters.push(filter);
  }
  return {
    urlEncoded: calls.some((call) => call.name === 'url'),
    leads,
    evaluate: (event) => filters.reduce<unknown>((value, filter) => filter(value), read(event)),
  };
}
