import { el } from '../shared/dom.js';

/** Older ones leave the page: a long stream has hundreds of thousands. */
const MOST = 300;
const AT_END_PX = 80;

/**
 * Messages in their order. What people wrote is put in as text, whatever it looks like.
 * @param actions (message) → [{ text, act }]: what may be done with a message
 */
export function createChatList({ actions }) {
  const list = el('ol', { class: 'chat-list', role: 'log', 'aria-label': 'Chat messages', tabindex: '0' });
  const shown = new Map();

  function add(message) {
    const known = shown.get(message.id);
    if (known) return known.message.deleted === message.deleted ? undefined : replace(message);
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < AT_END_PX;
    const item = itemOf(message);
    const before = [...list.children].findLast((child) => Number(child.dataset.position) <= message.position);
    if (before) before.after(item);
    else list.prepend(item);
    shown.set(message.id, { message, item });
    while (shown.size > MOST) drop(list.firstElementChild.dataset.message);
    if (atEnd) list.scrollTop = list.scrollHeight;
  }
  function drop(id) {
    shown.get(id)?.item.remove();
    shown.delete(id);
  }
  function replace(message) {
    const entry = shown.get(message.id);
    if (!entry) return;
    const item = itemOf(message);
    entry.item.replaceWith(item);
    shown.set(message.id, { message, item });
  }

  function itemOf(message) {
    const { id, user_name, position, deleted } = message;
    const answered = message.reply_to ? shown.get(message.reply_to)?.message : null;
    return el(
      'li',
      { 'data-message': id, 'data-position': position, class: deleted ? 'gone' : null },
      message.reply_to && el('p', { class: 'quiet-text answered' }, answered && !answered.deleted ? `↳ ${answered.user_name}: ${answered.message}` : '↳ an earlier message'),
      el('p', {}, el('strong', { class: 'author' }, user_name), ' ', el('span', { 'data-role': 'text' }, deleted ? 'Message deleted' : message.message)),
      !deleted && el('div', { class: 'actions' }, ...actions(message).map(({ text, act }) => el('button', { type: 'button', class: 'quiet', 'aria-label': `${text}: ${user_name}`, onclick: act }, text))),
    );
  }

  return {
    element: list,
    add,
    deleted(id) {
      const entry = shown.get(id);
      if (entry) replace({ ...entry.message, message: '', deleted: true });
    },
    /** Draws all of them anew: what may be done with them has changed. */
    refresh() {
      for (const { message } of [...shown.values()]) replace(message);
    },
    clear() {
      for (const id of [...shown.keys()]) drop(id);
    },
  };
}
