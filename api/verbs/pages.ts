import { createHash } from 'node:crypto';
import { z } from 'zod';
import { findPlace, keepPlace } from '../../db/list-place.repository.ts';
import { keepRankedList, readRankedList } from '../../db/ranked-list.repository.ts';
import { decodeCursor, encodeCursor } from '../paging.ts';
import { PAGE_SIZE, pageCursor, startingPoint, text } from './fields.ts';
import type { VerbCall } from './verb.ts';

/** What every list here takes. */
export const PAGE_FIELDS = { starting_point: startingPoint, cursor: pageCursor, device_id: text(200).optional() };

/** For descriptions. */
export const PAGING_NOTE =
  'Pages have 20 entries. `next` is sent as `cursor` for the next page, and is empty on the last one. Apps that count pages send `starting_point` instead: for an hour each page begins ' +
  'where the one before it ended, whatever was added meanwhile; who signs in on several phones sends `device_id`, so that they do not turn each other’s pages.';

interface PageInput {
  starting_point: number;
  cursor: string | null;
  device_id?: string | undefined;
}

/** Where a page begins: by cursor, or (where its place is not known) by how many come before it. */
export interface PageStart {
  cursor: string | null;
  skip: number;
}

export interface ListPage<T> {
  entries: T[];
  /** null: that was the last page. */
  next: string | null;
}

/** Who reads a list, signed in or not. */
export type Reader = Pick<VerbCall<'optional'>, 'deps' | 'workspace_id' | 'user' | 'address'>;

/** Further than this nobody turns pages; to be passed over one by one it would be a burden. */
const MOST_PASSED_OVER = 2_000;

/**
 * One page of a list. Where the app only counts pages, the place at which each ended is kept for the next one, in the database: any API process may be asked for it.
 * @param list which one, with what it is of
 */
export async function listPage<T>(reader: Reader, list: string, { starting_point, cursor, device_id }: PageInput, read: (start: PageStart) => Promise<ListPage<T>>): Promise<ListPage<T>> {
  if (cursor !== null) return read({ cursor, skip: 0 });
  const { db } = reader.deps;
  const key = listKey(reader, list, device_id);
  const start = await startOf();
  if (start === null) return { entries: [], next: null };
  const page = await read(start);
  await keepPlace(db, key, starting_point + 1, page.next);
  return page;

  async function startOf(): Promise<PageStart | null> {
    if (starting_point === 0) return { cursor: null, skip: 0 };
    const known = await findPlace(db, key, starting_point);
    if (known) return known.place === null ? null : { cursor: known.place, skip: 0 };
    const skip = starting_point * PAGE_SIZE;
    return skip > MOST_PASSED_OVER ? null : { cursor: null, skip };
  }
}

/** Neither address nor device can be read from it. */
const listKey = ({ user, address }: Reader, list: string, deviceId = ''): string =>
  createHash('sha256')
    .update(JSON.stringify([user?.id ?? address, deviceId, list]))
    .digest('base64url');

const rankedCursor = z.tuple([z.uuid(), z.number().int().min(0).max(100_000)]);

/**
 * One page of a list whose order would be another one at each reading. The first page fixes it; where what was kept is over, it is ranked anew and
 * goes on at the same place.
 * @param kind of which a reader has one at a time
 */
export async function rankedPage(reader: Reader, kind: string, deviceId: string | undefined, { cursor, skip }: PageStart, rank: () => Promise<string[]>): Promise<ListPage<string>> {
  const { db } = reader.deps;
  const key = listKey(reader, kind, deviceId);
  const [listId, offset] = cursor === null ? [null, skip] : decodeCursor(cursor, rankedCursor);
  const nextOf = (id: string, total: number): string | null => (offset + PAGE_SIZE < total ? encodeCursor([id, offset + PAGE_SIZE]) : null);
  const kept = listId === null ? undefined : await readRankedList(db, key, listId, offset, PAGE_SIZE);
  if (listId !== null && kept) return { entries: kept.ids, next: nextOf(listId, kept.total) };
  const ids = await rank();
  const entries = ids.slice(offset, offset + PAGE_SIZE);
  return { entries, next: offset + PAGE_SIZE < ids.length ? nextOf(await keepRankedList(db, key, ids), ids.length) : null };
}

const idCursor = z.tuple([z.uuid()]);
const timedCursor = z.tuple([z.number().int().min(0).max(Number.MAX_SAFE_INTEGER), z.uuid()]);

/** Of lists by id: below which id a page starts; null: from the first. */
export const idAfter = ({ cursor }: PageStart): string | null => (cursor === null ? null : decodeCursor(cursor, idCursor)[0]);

/** Of lists by time, likewise. */
export function timedAfter({ cursor }: PageStart): { id: string; at: number } | null {
  if (cursor === null) return null;
  const [at, id] = decodeCursor(cursor, timedCursor);
  return { id, at };
}
