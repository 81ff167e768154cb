import { el, say } from '../shared/dom.js';
import { createChatDraft } from './chat-draft.js';

const LONGEST = 500;
const TYPING_MS = 2_000;

/** Where a message is written. `send` rejects with what the chat said. */
export function createChatForm({ send, typing }) {
  const input = el('input', { id: 'chat-text', type: 'text', maxlength: String(LONGEST), autocomplete: 'off', enterkeyhint: 'send', 'aria-describedby': 'chat-fault' });
  const button = el('button', { type: 'submit', class: 'primary' }, 'Send');
  const fault = el('p', { class: 'fault', id: 'chat-fault', role: 'alert', hidden: true });
  const answering = el('p', { class: 'quiet-text', id: 'chat-reply', hidden: true });
  const draft = createChatDraft();
  let replyTo = null;
  let typedAt = -Infinity;

  function reply(message) {
    replyTo = message?.id ?? null;
    answering.replaceChildren(...(message ? [`Reply to ${message.user_name}. `, el('button', { type: 'button', class: 'quiet', onclick: () => reply(null) }, 'Do not reply')] : []));
    answering.hidden = !message;
    if (message) input.focus();
  }
  input.addEventListener('input', () => {
    say(fault, '');
    if (performance.now() - typedAt < TYPING_MS) return;
    typedAt = performance.now();
    typing();
  });
  const form = el('form', { class: 'chat-form', novalidate: true }, answering, el('label', { for: 'chat-text' }, 'Your message'), el('div', { class: 'chat-line' }, input, button), fault);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (input.value.trim() === '') return;
    button.disabled = true;
    say(fault, '');
    const text = input.value;
    try {
      await send(draft.of(text, replyTo));
      draft.sent();
      // What was typed meanwhile is the next message.
      if (input.value === text) input.value = '';
      reply(null);
    } catch (error) {
      const wait = error.retryAfterMs ? ` Again in ${Math.ceil(error.retryAfterMs / 1_000)} s.` : '';
      say(fault, error.message + wait);
    } finally {
      button.disabled = false;
      input.focus();
    }
  });
  return {
    element: form,
    reply,
    /** @param reason why nothing can be written right now; null: it can */
    lock(reason) {
      input.disabled = button.disabled = reason !== null;
      say(fault, reason ?? '');
    },
  };
}
