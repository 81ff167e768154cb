import { expect, test } from '@jest/globals';
import { createSecretBox } from '../../db/secret-box.ts';

const OLD = '0a'.repeat(32);
const NEW = 'f1'.repeat(32);
const box = createSecretBox([NEW]);

test.each(['', 'a cookie', 'ü€😀', 'x'.repeat(10_000)])('a text comes back as it was', (text) => {
  expect(box.open(box.seal(text))).toBe(text);
});

test('a sealed text neither shows what is in it nor is the same twice', () => {
  const [one, two] = [box.seal('open sesame'), box.seal('open sesame')];
  expect(one).not.toBe(two);
  expect(one).not.toContain('sesame');
  expect(Buffer.from(one, 'base64url').toString()).not.toContain('sesame');
});

test('keys rotate: the newest seals, older ones still open', () => {
  const before = createSecretBox([OLD]).seal('kept');
  const rotated = createSecretBox([NEW, OLD]);
  expect(rotated.open(before)).toBe('kept');
  expect(box.open(rotated.seal('new'))).toBe('new');
  expect(() => box.open(before)).toThrow(/TOKEN_ENCRYPTION_KEY no longer has/);
});

test('whatever was changed in a sealed text is noticed', () => {
  const sealed = box.seal('text');
  const parts = sealed.split('.');
  const changed = parts.map((part, index) =>
    parts.map((same, at) => (at === index ? `${part[0] === 'A' ? 'B' : 'A'}${part.slice(1)}` : same)).join('.'),
  );
  for (const text of [...changed, parts.slice(0, 4).join('.'), '', 'sealed', `${sealed}!`]) expect(() => box.open(text)).toThrow();
  const short = [...parts.slice(0, 3), (parts[3] ?? '').slice(0, 6), parts[4]].join('.');
  expect(() => box.open(short)).toThrow();
});

test('only our own texts look sealed', () => {
  expect([box.isSealed(box.seal('')), box.isSealed('v1.text'), box.isSealed('')]).toEqual([true, false, false]);
});

test.each([[[]], [['abc']], [[NEW, 'zz'.repeat(32)]]])('keys that are none are refused: %j', (keys) => {
  expect(() => createSecretBox(keys)).toThrow(/64 hex/);
});
