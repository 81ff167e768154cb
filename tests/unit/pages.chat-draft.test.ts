import { expect, test } from '@jest/globals';

interface Draft {
  of(message: string, replyTo: string | null): { message: string; reply_to: string | null; client_id: string };
  sent(): void;
}
// A page's module, which has no types.
const MODULE = '../../api/pages/live/chat-draft.js';
const { createChatDraft } = (await import(MODULE)) as { createChatDraft: (newId: () => string) => Draft };

test('A message keeps its client_id until it is stored, so that who presses again says it once', () => {
  let ids = 0;
  const draft = createChatDraft(() => `id-${++ids}`);
  expect(draft.of('hello', null)).toEqual({ message: 'hello', reply_to: null, client_id: 'id-1' });
  expect(draft.of('hello', null).client_id).toBe('id-1');
  expect(draft.of('hello!', null).client_id).toBe('id-2');
  expect(draft.of('hello!', 'another').client_id).toBe('id-3');
  draft.sent();
  expect(draft.of('hello!', 'another').client_id).toBe('id-4');
});
