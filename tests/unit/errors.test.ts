import { expect, test } from '@jest/globals';
import { HTTP_STATUS } from '../../api/errors.ts';
import { AppError, ERRORS } from '../../domain/errors.ts';
import { errorsDocument, storedErrorsDocument } from '../../scripts/docs-errors.ts';

test('docs/errors.md says what the tables in the code say', async () => {
  expect(await storedErrorsDocument()).toBe(errorsDocument());
});

test('every code has a status of a fault, and every message is a sentence', () => {
  expect(Object.keys(HTTP_STATUS).sort()).toEqual(Object.keys(ERRORS).sort());
  for (const status of Object.values(HTTP_STATUS)) expect(status).toBeGreaterThanOrEqual(400);
  for (const { message } of Object.values(ERRORS)) expect(message).toMatch(/^[A-Z].*[.…]$/);
});

test('an error says its message and the other side’s words', () => {
  expect(new AppError('device_refused', 'HTTP 400').message).toBe('The device refused the command. (HTTP 400)');
  expect(new AppError('device_refused').permanent).toBe(true);
});
