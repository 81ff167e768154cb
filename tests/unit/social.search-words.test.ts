import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hashtagsOf } from '../../domain/social/hashtags.ts';
import { hashtagName, likePrefix, prefixQuery, wordsOf } from '../../domain/social/search-words.ts';

test('words are letters, digits and marks of any script, in lower case', () => {
  expect(wordsOf("Don't PANIC, it's 42!")).toEqual(['don', 't', 'panic', 'it', 's', '42']);
  expect(wordsOf('Танцы НОЧЬЮ')).toEqual(['танцы', 'ночью']);
  expect(wordsOf('नमस्ते 東京')).toEqual(['नमस्ते', '東京']);
  expect(wordsOf('🎉 !! %_\\')).toEqual([]);
});

test('nothing that was typed is an operator of the query', () => {
  expect(prefixQuery("a' | !b & (c:* <-> \\d)")).toBe("'a':* & 'b':* & 'c':* & 'd':*");
  expect(prefixQuery('🎉')).toBeNull();
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (typed) => {
      expect(prefixQuery(typed) ?? `'a':*`).toMatch(/^'[\p{L}\p{N}\p{M}]+':\*( & '[\p{L}\p{N}\p{M}]+':\*){0,7}$/u);
    }),
  );
});

test('a prefix is taken by the letter', () => {
  expect(likePrefix('100%_\\x')).toBe('100\\%\\_\\\\x%');
});

test('a hashtag is found under the name that it is stored by', () => {
  expect(hashtagName('  ##ТАНЦЫ ')).toBe('танцы');
  for (const text of ['#Dance', '#ТАНЦЫ', '#cafe\u0301', '#Straße', '#東京']) expect([hashtagName(text)]).toEqual(hashtagsOf(text));
});
