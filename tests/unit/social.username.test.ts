import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { relationshipBetween } from '../../domain/social/relationship.ts';
import { USERNAME, usernameOf, usernameVariant } from '../../domain/social/username.ts';

describe('A username out of what somebody is called', () => {
  test.each([
    ['Ada Lovelace', 'ada_lovelace'],
    ['  José  Núñez ', 'jose_nunez'],
    ['ADA.1815', 'ada.1815'],
    ['ada@example.com', 'adaexample.com'],
    ['ﬁne', 'fine'],
  ])('%j becomes %j', (wish, name) => {
    expect(usernameOf(wish)).toBe(name);
  });

  test('the first wish that leaves enough is taken, and "user" where none does', () => {
    expect(usernameOf('李', null, undefined, 'x', 'bob')).toBe('bob');
    expect(usernameOf('李', '!')).toBe('user');
    expect(usernameOf()).toBe('user');
  });

  test('is one that the table takes, whatever it is made of, and stays as it is when made again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (wish) => {
        const name = usernameOf(wish);
        expect(name).toMatch(USERNAME);
        expect(usernameOf(name)).toBe(name);
      }),
    );
  });

  test('has as many variants as are needed, each one that the table takes', () => {
    expect([1, 2, 3].map((n) => usernameVariant('ada', n))).toEqual(['ada', 'ada2', 'ada3']);
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 1e8 }), fc.integer({ min: 1, max: 1e8 }), (wish, n, m) => {
        const name = usernameOf(wish);
        expect(usernameVariant(name, n)).toMatch(USERNAME);
        // A name may end with digits of its own: only the first one is left as it is.
        if (n !== m && n > 1 && m > 1 && String(n).length === String(m).length) expect(usernameVariant(name, n)).not.toBe(usernameVariant(name, m));
      }),
    );
  });
});

test('how two users stand is told by how each follows the other', () => {
  expect(relationshipBetween(null, null)).toBe('none');
  expect(relationshipBetween(null, 'requested')).toBe('none');
  expect(relationshipBetween(null, 'accepted')).toBe('follow_back');
  expect(relationshipBetween('accepted', null)).toBe('following');
  expect(relationshipBetween('accepted', 'requested')).toBe('following');
  expect(relationshipBetween('accepted', 'accepted')).toBe('friends');
  expect(relationshipBetween('requested', 'accepted')).toBe('requested');
});
