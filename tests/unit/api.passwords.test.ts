import { expect, test } from '@jest/globals';
import { createPasswords } from '../../api/passwords.ts';

test('a password matches its own hash alone', async () => {
  const passwords = createPasswords();
  const hashed = await passwords.hash('correct horse');
  expect(hashed).toMatch(/^\$argon2id\$/);
  expect(await passwords.matches(hashed, 'correct horse')).toBe(true);
  expect(await passwords.matches(hashed, 'correct horse ')).toBe(false);
});

test('nobody’s password matches nothing, not even what its hash was made of', async () => {
  expect(await createPasswords().matches(undefined, 'nobody has this password')).toBe(false);
});

test('a flood waits in a line that has an end', async () => {
  const passwords = createPasswords();
  const results = await Promise.allSettled(Array.from({ length: 110 }, () => passwords.matches(undefined, 'guess')));
  const refused = results.filter((result) => result.status === 'rejected');
  expect(refused.length).toBe(8);
  for (const { reason } of refused as PromiseRejectedResult[]) expect(reason).toMatchObject({ code: 'unavailable' });
  expect(await passwords.matches(undefined, 'guess')).toBe(false);
});
