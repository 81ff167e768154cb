import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasLink } from '../../domain/streaming/chat-links.ts';
import { chatName, cleanText, codePoints } from '../../domain/streaming/chat-text.ts';
import { compileWords, isBlockable } from '../../domain/streaming/chat-words.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.constantFrom('a', 'é', 'e\u0301', '\u0301', '\u200d', '\u200c', '\u202e', '\u2066', ' ', '\n', '\0', '\ud800', '👩', '🏽', '🚀', '\ufe0f', 'ن', 'क', '\u3164', '\u{1F3F4}', '\u{E0067}', '<', '\ufeff', '\u034f', '\u00ad', '가', '\u1100\u1161', 'ﬁ'), { maxLength: 30 }).map((parts) => parts.join('')),
);

describe('The clean-up of a message', () => {
  test('changes nothing the second time', () => {
    fc.assert(fc.property(anyText, (text) => expect(cleanText(cleanText(text))).toBe(cleanText(text))), { numRuns: 3_000 });
  });

  test('leaves nothing unseen: no control characters, no bidi overrides, no half pairs, no blanks at the ends', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const clean = cleanText(text);
        expect(clean).not.toMatch(/[\p{Cc}\p{Cs}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u3164\u2800]/u);
        expect(clean).toBe(clean.normalize('NFC'));
        expect(clean).toBe(clean.trim());
        expect(clean).not.toMatch(/\s{2}|[^\S ]/u);
        expect(clean).not.toMatch(/\p{M}{6}/u);
      }),
      { numRuns: 3_000 },
    );
  });

  test('leaves plain words as they are', () => {
    fc.assert(fc.property(fc.array(fc.stringMatching(/^[a-z0-9.,!?<>&"'-]{1,12}$/), { minLength: 1, maxLength: 8 }), (parts) => expect(cleanText(parts.join(' '))).toBe(parts.join(' '))));
  });

  test.each([
    ['  hello \n\t there  ', 'hello there'],
    ['e\u0301', 'é'],
    ['abc\u202Edef', 'abcdef'],
    ['h\u200Bi\u200Dd\u200Cden', 'hidden'],
    ['<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['👩🏽\u200D🚀 👨\u200D👩\u200D👧 ❤\uFE0F\u200D🔥', '👩🏽\u200D🚀 👨\u200D👩\u200D👧 ❤\uFE0F\u200D🔥'],
    ['\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}', '\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}'],
    ['hi\u{E0068}\u{E0069}', 'hi'],
    ['می\u200Cخواهم', 'می\u200Cخواهم'],
    ['Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307', 'Z\u0300\u0301\u0302\u0303'],
    ['\u200B\u3164\u00AD \u2800', ''],
    ['a\0b\u0007\u001b[31m', 'ab[31m'],
  ])('%j becomes %j', (given, clean) => expect(cleanText(given)).toBe(clean));

  test('counts code points, not halves of them', () => expect([codePoints('😀'.repeat(500)), codePoints(''), codePoints('aé')]).toEqual([500, 0, 2]));

  test('gives a name to who has none that is seen', () => {
    expect(chatName('\u3164\u200B')).toBe('Somebody');
    expect(chatName('Ada\u202E Lovelace')).toBe('Ada Lovelace');
    expect(codePoints(chatName('😀'.repeat(300)))).toBe(60);
  });
});

describe('The link detector', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
  const tld = fc.constantFrom('com', 'net', 'org', 'io', 'gg', 'me', 'ly', 'tv', 'de', 'xyz', 'shop');
  const around = fc.constantFrom('', ' ', 'see ', '(', '"', 'go:');

  test('finds every domain, whatever stands around it and however it is written', () => {
    fc.assert(
      fc.property(around, fc.array(label, { minLength: 1, maxLength: 3 }), tld, fc.constantFrom('', ' ', '/x', '!', ')', '?a=1', ', ok'), fc.boolean(), (before, labels, end, after, upper) => {
        const domain = `${labels.join('.')}.${end}`;
        expect(hasLink(`${before}${upper ? domain.toUpperCase() : domain}${after}`)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('finds nothing in words without dots, colons and slashes', () => {
    fc.assert(fc.property(fc.array(fc.stringMatching(/^[a-zA-Zäé0-9!?,'-]{1,12}$/).filter((word) => !/^(dot|www)$/i.test(word)), { minLength: 1, maxLength: 10 }), (parts) => expect(hasLink(parts.join(' '))).toBe(false)), { numRuns: 1_000 });
  });

  test.each(['https://a', 'hxxps://evil.example', 'www.x', 'example [dot] com', 'example(.)com', 'example dot com', 'exａmple．ｃｏｍ', 'example。com', 'пример.рф', '10.0.0.1:8080', '1.2.3.4/x', 'mail me: a@b.com', 'javascript:alert(1)', 'T.ME/joinchat', 'exam\u00ADple.com'])('takes %j for a link', (text) => expect(hasLink(text)).toBe(true));
  test.each(['Hello.World', '3.14', 'e.g. this', 'v1.2.3.4', 'wait...what', 'No. 5', '12:30', 'ratio 3:1', 'u.s. army', 'the end.'])('takes %j for words', (text) => expect(hasLink(text)).toBe(false));
});

describe('The word list', () => {
  const word = fc.stringMatching(/^[a-zäöü]{3,10}$/);

  test('finds its words in any case, with accents and signs around, and only whole ones', () => {
    fc.assert(
      fc.property(word, fc.constantFrom('', ' ', '!', '... '), (blocked, after) => {
        const found = compileWords([blocked]);
        expect(found(`say ${blocked.toUpperCase()}${after}`)).toBe(true);
        expect(found(`say ${[...blocked].map((letter) => `${letter}\u0301`).join('')}`)).toBe(true);
        expect(found(`${blocked}q${blocked}`)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['badword', 'you B4DW0RD!', true],
    ['badword', 'bádwörd', true],
    ['badword', 'ba\u200Ddword', true],
    ['badword', 'badwording', false],
    ['bad word', 'a bad, word', true],
    ['bad word', 'bad good word', false],
    ['idiot', '1d10t', true],
    ['lol', '10l', true],
    ['strasse', 'STRAßE', true],
    ['🍆', 'look 🍆🍆', true],
    ['n00b', 'noob', true],
    ['ass', 'class pass', false],
  ])('%j in %j: %s', (blocked, text, found) => expect(compileWords([blocked])(text)).toBe(found));

  test('without words finds nothing, and takes no word of nothing', () => {
    expect(compileWords([])('anything')).toBe(false);
    expect([isBlockable('!!'), isBlockable('\u200D'), isBlockable('ok')]).toEqual([false, false, true]);
  });
});
