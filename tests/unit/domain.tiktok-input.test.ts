import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseTikTokInput } from '../../domain/tiktok-input.ts';

const username = (name: string) => ({ ok: true, input: { kind: 'username', username: name } });
const refused = { ok: false, code: 'invalid_tiktok_input' };

describe('what a person types to name a LIVE', () => {
  test.each([
    ['@zoe.live', 'zoe.live'],
    ['zoe_live', 'zoe_live'],
    ['  @Zoe.Live \n', 'zoe.live'],
    ['ab', 'ab'],
    ['a'.repeat(24), 'a'.repeat(24)],
    ['@7123456789012345678', '7123456789012345678'],
    ['712345678901234567', '712345678901234567'],
    ['https://www.tiktok.com/@zoe.live', 'zoe.live'],
    ['https://www.tiktok.com/@zoe.live/', 'zoe.live'],
    ['https://www.tiktok.com/@Zoe/live', 'zoe'],
    ['https://www.tiktok.com/@zoe/live/', 'zoe'],
    ['https://www.tiktok.com/@zoe/live?lang=de&enter_from=homepage', 'zoe'],
    ['https://www.tiktok.com/@zoe?is_from_webapp=1&next=https://evil.example/@x', 'zoe'],
    ['https://m.tiktok.com/@zoe/live', 'zoe'],
    ['https://tiktok.com/@zoe/live', 'zoe'],
    ['HTTPS://WWW.TikTok.COM/@zoe/live', 'zoe'],
    ['www.tiktok.com/@zoe/live', 'zoe'],
    ['tiktok.com/@zoe', 'zoe'],
  ])('%j is the user %s', (text, name) => {
    expect(parseTikTokInput(text)).toEqual(username(name));
  });

  test.each(['7123456789012345678', ' 7123456789012345678 ', '9223372036854775807'])('%j is a room id', (text) => {
    expect(parseTikTokInput(text)).toEqual({ ok: true, input: { kind: 'room_id', room_id: text.trim() } });
  });

  test.each([
    ['https://vm.tiktok.com/ZMabc123', 'https://vm.tiktok.com/ZMabc123'],
    ['https://vm.tiktok.com/ZMabc123/', 'https://vm.tiktok.com/ZMabc123'],
    ['https://VT.tiktok.com/ZSd_-x/?k=1', 'https://vt.tiktok.com/ZSd_-x'],
    ['vt.tiktok.com/ZSd', 'https://vt.tiktok.com/ZSd'],
  ])('%j is a short link', (text, url) => {
    expect(parseTikTokInput(text)).toEqual({ ok: true, input: { kind: 'short_link', url } });
  });

  test.each([
    '',
    ' ',
    '@',
    'a',
    'a'.repeat(25),
    'ends.with.dot.',
    '@zoe live',
    'zoë',
    'zoe-live',
    '@@zoe',
    '9223372036854775808',
    '0123456789012345678',
    'http://www.tiktok.com/@zoe/live',
    'ftp://www.tiktok.com/@zoe',
    'javascript:alert(1)',
    'https://www.tiktok.com@evil.com',
    'https://www.tiktok.com@evil.com/@zoe',
    'https://zoe:pw@www.tiktok.com/@zoe',
    'https://www.tiktok.com:443/@zoe',
    'https://www.tiktok.com.evil.com/@zoe',
    'https://evil.com/@zoe',
    'https://evil.com/?https://www.tiktok.com/@zoe',
    'https://eviltiktok.com/@zoe',
    'https://vm.tiktok.com.evil.com/ZM',
    'https://vm.tiktok.com@evil.com/ZM',
    'https://vm.tiktok.com/',
    'https://vm.tiktok.com/../@zoe',
    'https://vm.tiktok.com/a/b',
    'https://vx.tiktok.com/ZM',
    'https://127.0.0.1/@zoe',
    'https://www.tiktok.com/',
    'https://www.tiktok.com/zoe',
    'https://www.tiktok.com/@zoe/video/7123456789012345678',
    'https://www.tiktok.com/@zoe/live/x',
    'https://www.tiktok.com/@zoe/live#top',
    'https://www.tiktok.com/@zoe/live?a b',
    'https://www.tiktok.com\\@zoe',
    '//www.tiktok.com/@zoe',
    'www.tiktok.com',
    'vm.tiktok.com',
    'https://www.tiktok.com/@zoe?' + 'x'.repeat(3_000),
    '@zoe\u0000',
    '@zoe\n@bob',
  ])('%j is refused', (text) => {
    expect(parseTikTokInput(text)).toEqual(refused);
  });

  const name = fc
    .tuple(fc.stringMatching(/^[a-zA-Z0-9._]{1,23}$/), fc.stringMatching(/^[a-zA-Z0-9_]$/))
    .map((parts) => parts.join(''))
    .filter((text) => !/^\d{19}$/.test(text) && !/tiktok\.com$/i.test(text));

  test('every valid name is the same user in every form, in lower case', () => {
    fc.assert(
      fc.property(name, (valid) => {
        for (const form of [valid, `@${valid}`, `https://www.tiktok.com/@${valid}/live`, `m.tiktok.com/@${valid}/?x=1`]) {
          expect(parseTikTokInput(form)).toEqual(username(valid.toLowerCase()));
        }
      }),
    );
  });

  test('what is accepted leads nowhere but to TikTok, whatever was typed', () => {
    const piece = fc.constantFrom(
      'https://',
      'www.',
      'vm.',
      'tiktok.com',
      '/',
      '@',
      'zoe',
      'live',
      '?',
      '#',
      ':',
      '\\',
      '.',
      'evil.com',
      '7123456789012345678',
      ' ',
    );
    const typed = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 10 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(typed, (text) => {
        const parsed = parseTikTokInput(text);
        if (!parsed.ok) return expect(parsed).toEqual(refused);
        if (parsed.input.kind === 'username') return expect(parsed.input.username).toMatch(/^[a-z0-9._]{1,23}[a-z0-9_]$/);
        if (parsed.input.kind === 'room_id') return expect(parsed.input.room_id).toMatch(/^[1-9]\d{18}$/);
        return expect(parsed.input.url).toMatch(/^https:\/\/v[mt]\.tiktok\.com\/[A-Za-z0-9_-]+$/);
      }),
      { numRuns: 2_000 },
    );
  });
});
