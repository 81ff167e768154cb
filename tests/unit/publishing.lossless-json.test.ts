import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseLossless } from '../../domain/publishing/lossless-json.ts';

describe('JSON with long integers', () => {
  test.each([
    ['7123456789012345678', '7123456789012345678'],
    ['-7123456789012345678', '-7123456789012345678'],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', '9007199254740992'],
    ['-9007199254740991', -Number.MAX_SAFE_INTEGER],
    ['[7123456789012345678,7123456789012345679]', ['7123456789012345678', '7123456789012345679']],
    ['{"a":{"b":[ 7123456789012345678 ]}}', { a: { b: ['7123456789012345678'] } }],
    ['{"7123456789012345678":1}', { '7123456789012345678': 1 }],
    ['{"a":"7123456789012345678"}', { a: '7123456789012345678' }],
    ['{"a":"say \\"7123456789012345678\\" or \\\\","b":7123456789012345678}', { a: 'say "7123456789012345678" or \\', b: '7123456789012345678' }],
    ['{"a":"x\\\\","b":7123456789012345678,"c":"\\\\\\""}', { a: 'x\\', b: '7123456789012345678', c: '\\"' }],
    ['{"a":"[1,7123456789012345678]"}', { a: '[1,7123456789012345678]' }],
    ['[12345678901234567.5, 1234567890123456789e3, 1E400, 1e-7, -0, 0.1234567890123456789]', [Number('12345678901234567.5'), Number('1234567890123456789e3'), Infinity, 1e-7, -0, 0.12345678901234568]],
    ['[1e5,7123456789012345678,true,null]', [1e5, '7123456789012345678', true, null]],
  ])('%s', (json, value) => {
    expect(parseLossless(json)).toEqual(value);
  });

  test.each([
    '[07123456789012345678]',
    '{7123456789012345678:1}',
    '[7123456789012345678 7123456789012345678]',
    '7123456789012345678"',
    '{"a":"7123456789012345678}',
    '[7123456789012345678,]',
    '[7123456789012345678.]',
    '',
  ])('that is none is refused: %s', (json) => {
    expect(() => parseLossless(json)).toThrow(SyntaxError);
  });

  test('is what JSON.parse gives but for long integers', () => {
    const isLong = (value: unknown): boolean => Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(String(value));
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(parseLossless(json)).toEqual(JSON.parse(json, (_key, value: unknown) => (isLong(value) ? String(value) : value)));
      }),
      { numRuns: 500 },
    );
  });

  test('keeps every digit of any integer, wherever it stands and whatever strings stand around it', () => {
    const integer = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    fc.assert(
      fc.property(integer, fc.string({ unit: 'binary' }), fc.constantFrom('', ' ', '\n\t'), (value, text, space) => {
        const expected = Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
        const json = `{${JSON.stringify(text)}:[${space}${value}${space},${JSON.stringify(text)}],"last":${value}}`;
        expect(parseLossless(json)).toEqual({ ...{ [text]: [expected, text] }, last: expected });
      }),
      { numRuns: 500 },
    );
  });

  test('takes a megabyte of quotes and backslashes without trouble', () => {
    const text = '\\"'.repeat(250_000);
    expect(parseLossless(JSON.stringify({ text }).replace('{', '{"id":7123456789012345678,'))).toEqual({ id: '7123456789012345678', text });
  });
});
