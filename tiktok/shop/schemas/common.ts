import { z } from 'zod';
import type { Money, Page } from '../../../domain/contracts/shop-api.ts';
import { parseMoney } from '../../../domain/shop/money.ts';

/** TikTok sends its ids as strings, and sometimes as numbers. */
export const id = z.union([z.string().min(1), z.number().int().nonnegative()]).transform(String);
/** null where it is absent, empty or “0”. */
export const optionalId = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => (value === null || value === undefined || value === '' || String(value) === '0' ? null : String(value)));
export const text = z
  .string()
  .nullish()
  .transform((value) => value || null);
export const name = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
export const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
/** Digits are taken too; unlike z.coerce, nothing else becomes a 0. */
export const integer = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number),
]);
export const count = integer.pipe(z.number().nonnegative());
export const countOrZero = count.nullish().transform((value) => value ?? 0);
/** Until the year 9999. */
const epochSeconds = integer.pipe(z.number().nonnegative().max(253_402_300_799));
/** Epoch seconds as milliseconds. */
export const time = epochSeconds.pipe(z.number().positive()).transform((seconds) => seconds * 1_000);
/** null where it is absent or 0. */
export const optionalTime = epochSeconds.nullish().transform((seconds) => (seconds ? seconds * 1_000 : null));
/** Absent and null are an empty list. */
export const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
/** Empties included, since TikTok writes “” for no sum. */
export const decimal = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => (value === null || value === undefined || value === '' ? null : String(value)));

/** Exact or a fault: a sum is never rounded. null where there is none. */
export function sum(amount: string | null, currency: string | null, field: string, context: z.RefinementCtx): Money | null {
  if (amount === null) return null;
  const money = parseMoney(amount, currency ?? '');
  if (money === null) context.addIssue({ code: 'custom', path: [field], message: `“${amount}” ${currency ?? ''} is no exact sum`, input: amount });
  return money;
}

/** The page that TikTok calls `field`; a thing of it that can't be read is set aside and does not hold the others. */
export function pageSchema<S extends z.ZodType>(field: string, idField: string, item: S) {
  const things = z.object({ [field]: list(z.unknown()) }).transform((data) => data[field] ?? []);
  return z
    .object({ next_page_token: text, total_count: count.nullish().catch(null) })
    .loose()
    .transform(({ next_page_token, total_count, ...data }, context): Page<z.output<S>> => {
      const listed = things.safeParse(data);
      if (!listed.success) context.addIssue({ code: 'custom', path: [field], message: 'is no list', input: data });
      return { ...readAll(listed.data ?? [], idField, item), next_page_token, total_count: total_count ?? null };
    });
}

export function readAll<S extends z.ZodType>(things: readonly unknown[], idField: string, item: S): Pick<Page<z.output<S>>, 'items' | 'unreadable'> {
  const read: Pick<Page<z.output<S>>, 'items' | 'unreadable'> = { items: [], unreadable: [] };
  for (const thing of things) {
    const result = item.safeParse(thing);
    if (result.success) read.items.push(result.data);
    else read.unreadable.push({ id: idOf(thing, idField), reason: faultsOf(result.error) });
  }
  return read;
}

function idOf(thing: unknown, idField: string): string | null {
  const parsed = z.object({ [idField]: id }).safeParse(thing);
  return parsed.success ? (parsed.data[idField] ?? null) : null;
}

const faultsOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'data'}: ${message}`)
    .join('; ');

export const nothingSchema = z.unknown().transform(() => null);
