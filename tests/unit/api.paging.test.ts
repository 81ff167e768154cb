import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { decodeCursor, encodeCursor, idBefore, toIdPage } from '../../api/paging.ts';
import { ApiError } from '../../api/errors.ts';

const IDS = ['0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a12', '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a11', '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10'];
const rows = IDS.map((id) => ({ id }));

describe('a page', () => {
  test('of one row more than asked for has a cursor that names the last one shown', () => {
    const page = toIdPage(rows, 2, ({ id }) => id);
    expect(page.items).toEqual(IDS.slice(0, 2));
    expect(idBefore(page.next_cursor ?? undefined)).toBe(IDS[1]);
  });

  test('that shows all there is has none', () => {
    expect(toIdPage(rows, 3, ({ id }) => id).next_cursor).toBeNull();
    expect(toIdPage([], 3, ({ id }: { id: string }) => id)).toEqual({ items: [], next_cursor: null });
  });
});

describe('a cursor', () => {
  test('carries what it was made of', () => {
    expect(decodeCursor(encodeCursor(['a', 7]), z.tuple([z.string(), z.number()]))).toEqual(['a', 7]);
  });

  test.each(['', 'x', '!!!', encodeCursor(['no id']), encodeCursor([IDS[0] ?? '', 1]), Buffer.from('{"0":1}').toString('base64url')])(
    'that is none of ours is a fault of the field cursor: %j',
    (cursor) => {
      expect(() => idBefore(cursor)).toThrow(ApiError);
      expect(() => idBefore(cursor)).toThrow(/cursor/);
    },
  );
});
