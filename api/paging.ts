import { z } from '@hono/zod-openapi';
import { fieldError } from './errors.ts';

/** Query of every list. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50).openapi({ example: 50, description: 'Most items in the answer, 1 to 200.' }),
  cursor: z.string().min(1).max(500).optional().openapi({ description: 'next_cursor of the answer before; absent: from the start.' }),
});

/** `{ items, next_cursor }`; next_cursor is null on the last page. */
export const pageSchema = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next_cursor: z.string().nullable().openapi({ example: null, description: 'Give it as cursor for the next page; null: there is none.' }),
  });

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

type CursorValue = string | number;

export const encodeCursor = (values: readonly CursorValue[]): string => Buffer.from(JSON.stringify(values)).toString('base64url');

/**
 * The values that encodeCursor took, checked by `schema` (a tuple).
 * @throws ApiError (422) that names `cursor` where it is not one of ours
 */
export function decodeCursor<T extends z.ZodType>(cursor: string, schema: T): z.infer<T> {
  const parsed = schema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (!parsed.success) throw fieldError('cursor', 'is not a cursor that this list gave');
  return parsed.data;
}

const idCursor = z.tuple([z.uuid()]);

/** For lists by id, newest first: the id below which the page starts. */
export const idBefore = (cursor: string | undefined): string | undefined =>
  cursor === undefined ? undefined : decodeCursor(cursor, idCursor)[0];

/** Makes a page of `limit + 1` rows: the extra one only tells that there is more. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  cursorOf: (row: Row) => readonly CursorValue[],
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(toItem), next_cursor: rows.length > limit && last ? encodeCursor(cursorOf(last)) : null };
}

/** A page of rows that are listed by id. */
export const toIdPage = <Row extends { id: string }, Item>(rows: readonly Row[], limit: number, toItem: (row: Row) => Item): Page<Item> =>
  toPage(rows, limit, toItem, (row) => [row.id]);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
