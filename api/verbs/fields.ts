import { z } from 'zod';
import { uuid } from '../schemas/uuid.ts';

/** Fields as such apps send them: forms know text only, and JSON comes with numbers as text as well. */

const TRUE = new Set(['1', 'true', 'yes']);
const FALSE = new Set(['0', 'false', 'no', '']);

/** Half of a surrogate pair, which cutting a text in the middle of an emoji leaves, has no UTF-8: what is stored would be another text than what was sent. */
const wellFormed = (value: string | number | boolean): string => String(value).replace(/\p{Surrogate}/gu, '\uFFFD');

const scalar = z.union([z.string(), z.number(), z.boolean()], 'must be text').transform(wellFormed);

/** Text, trimmed. */
export const text = (max: number) => scalar.pipe(z.string().trim().max(max));
export const neededText = (max: number) => z.union([z.string(), z.number(), z.boolean()], 'is needed').transform(wellFormed).pipe(z.string().trim().min(1, 'is needed').max(max));

export const id = uuid('must be an id');

/** A whole number; fractions, words and what is out of bounds are refused. */
export const whole = (min: number, max: number) =>
  z
    .union([z.number(), z.string().regex(/^-?\d{1,15}$/, 'must be a whole number')], 'must be a whole number')
    .transform(Number)
    .pipe(z.number().int('must be a whole number').min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

/** true, 1, "1", "true", "yes" and their opposites. */
export const flag = z.union([z.boolean(), z.number(), z.string()]).transform((value, context) => {
  const word = String(value).toLowerCase();
  if (TRUE.has(word) || FALSE.has(word)) return TRUE.has(word);
  context.addIssue('must be 1 or 0');
  return z.NEVER;
});

/** Of the app: the same one does nothing a second time. */
export const requestId = z.string().regex(/^[\w.:-]{8,100}$/, 'must be 8 to 100 letters, digits, or . _ : -');

/** Which page of a list, from 0. */
export const startingPoint = z.union([z.literal(''), whole(0, 10_000)]).optional().transform((value) => (value === '' || value === undefined ? 0 : value));

/** An app's own id of a place in a list: what `next` of the page before said; absent or "0": the first page. */
export const pageCursor = scalar.pipe(z.string().max(200)).optional().transform((value) => (value === undefined || value === '' || value === '0' ? null : value));

export const PAGE_SIZE = 20;
