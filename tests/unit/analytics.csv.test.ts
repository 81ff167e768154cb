import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { csvOf } from '../../domain/analytics/csv.ts';

/** A reader by RFC 4180, written apart from the writer. */
function read(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      for (at += 1; ; at += 1) {
        if (text[at] !== '"') field += text[at];
        else if (text[at + 1] === '"') {
          field += '"';
          at += 1;
        } else break;
      }
      at += 1;
    } else {
      while (at < text.length && text[at] !== ',' && text[at] !== '\r') {
        field += text[at];
        at += 1;
      }
    }
    row.push(field);
    if (text[at] === ',') at += 1;
    else {
      expect(text.slice(at, at + 2)).toBe('\r\n');
      at += 2;
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

describe('CSV', () => {
  test('has a header, CRLF after each line, and quotes where they are needed', () => {
    expect(csvOf(['at', 'caption'], [['2026-01-01T00:00:00.000Z', 'Say "hi", all'], [null, 'two\nlines']])).toBe(
      'at,caption\r\n2026-01-01T00:00:00.000Z,"Say ""hi"", all"\r\n,"two\nlines"\r\n',
    );
  });

  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '\nx', '＝1', '＋1', '－1', '＠x'])('keeps %j from being a formula', (text) => {
    expect(read(csvOf(['x'], [[text]]))[1]).toEqual([`'${text}`]);
  });

  test('leaves numbers numbers, negative ones too', () => {
    expect(csvOf(['a', 'b', 'c'], [[-5, 1.5, true]])).toBe('a,b,c\r\n-5,1.5,true\r\n');
  });

  test('is read back as it was, whatever the text, and no cell of text begins a formula', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab=+-@\t\r\n",\'＝ é😀') });
    fc.assert(
      fc.property(fc.array(fc.array(text, { minLength: 2, maxLength: 2 })), (rows) => {
        const back = read(csvOf(['one', 'two'], rows)).slice(1);
        expect(back.map((row) => row.map((value, index) => (value === `'${rows[back.indexOf(row)]![index]}` ? value.slice(1) : value)))).toEqual(rows);
        for (const value of back.flat()) expect(value).not.toMatch(/^[=+\-@\t\r\n]/);
      }),
    );
  });
});
