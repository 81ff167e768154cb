import type { FilterCall, Literal } from './template-syntax.ts';
import { numberOf } from './value.ts';

export const FILTERS = ['default', 'upper', 'lower', 'number', 'json', 'url'] as const;
export type FilterName = (typeof FILTERS)[number];

/** Takes and gives a value; null and undefined, "no value", pass through to a `default` that may follow. */
export type Filter = (value: unknown) => unknown;

/** The filter that a call names, or the call's fault in words for people. */
export function filterOf({ name, argument }: FilterCall): Filter | string {
  if (!isFilterName(name)) return `has the unknown filter "${name.slice(0, 40)}"; there are ${FILTERS.join(', ')}`;
  if (name === 'default') return argument === null ? 'has a default without a value: {{ field | default:"…" }}' : orElse(argument);
  return argument === null ? PLAIN[name] : `has the filter ${name} with an argument, which it does not take`;
}

const isFilterName = (name: string): name is FilterName => (FILTERS as readonly string[]).includes(name);

const hasNone = (value: unknown): value is null | undefined => value === null || value === undefined;

const orElse =
  (fallback: Literal): Filter =>
  (value) =>
    hasNone(value) || value === '' ? fallback : value;

const PLAIN: Record<Exclude<FilterName, 'default'>, Filter> = {
  upper: (value) => (hasNone(value) ? value : textOf(value).toUpperCase()),
  lower: (value) => (hasNone(value) ? value : textOf(value).toLowerCase()),
  number: (value) => toNumber(value),
  json: (value) => JSON.stringify(value ?? null),
  url: (value) => (hasNone(value) ? value : encodeUrlPart(textOf(value))),
};

/** A value as it stands in a text: nothing for no value, JSON for lists and objects. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (hasNone(value)) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value as number | boolean);
}

/** Percent-encodes everything that has a meaning in a URL. */
export function encodeUrlPart(text: string): string {
  let wellFormed = '';
  // Iterating gives whole code points; half of a surrogate pair, which encodeURIComponent throws on, comes alone.
  for (const character of text) wellFormed += isHalfPair(character) ? '\uFFFD' : character;
  return encodeURIComponent(wellFormed);
}

function isHalfPair(character: string): boolean {
  const code = character.codePointAt(0)!;
  return code >= 0xd800 && code <= 0xdfff;
}

function toNumber(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string') return null;
  const number = numberOf(value);
  return Number.isNaN(number) ? null : number;
}
