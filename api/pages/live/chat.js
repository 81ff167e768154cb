import { api } from '../shared/api.js';
import { el, say } from '../shared/dom.js';
import { pause } from '../shared/pause.js';
import { session } from '../shared/session.js';
import { createChatForm } from './chat-form.js';
import { createChatList } from './chat-list.js';
import { openChatSocket } from './chat-socket.js';

const LOOK_MS = 3_000;
const TYPING_SHOWN_MS = 4_000;
const MUTE_S = 600;
const CLOSED_TO_READERS = new Set(['chat_banned', 'not_found']);

/**
 * A stream's chat: live and for writing to who is signed in, for reading to everybody else.
 * @param place element that it is put into
 * @param told called with what the socket says of the stream itself: { status, viewer_count }
 * @param live called with whether the socket tells of changes
 */
export function createChat({ place, streamId, playToken = null, told, live }) {
  let socket = null;
  let reading = null;
  let moderator = false;
  let me = null;
  let typingTimer = null;
  const notice = el('p', { class: 'quiet-text', role: 'status', 'data-role': 'chat-notice', hidden: true });
  const presence = el('p', { class: 'quiet-text', 'data-role': 'presence', hidden: true });
  const typing = el('p', { class: 'quiet-text typing', 'data-role': 'typing' });
  const list = createChatList({ actions });
  const form = createChatForm({ send: (input) => socket.ask('chat_message', input), typing: () => socket?.tell('typing') });
  form.element.hidden = true;
  place.append(presence, list.element, typing, notice, form.element);

  function actions(message) {
    if (!socket) return [];
    const moderate = (kind, seconds) => () => attempt(() => socket.ask('moderate', { user_id: message.user_id, kind, seconds }));
    return [
      { text: 'Reply', act: () => form.reply(message) },
      ...(moderator || message.user_id === me ? [{ text: 'Delete', act: () => attempt(() => socket.ask('delete_message', { message_id: message.id })) }] : []),
      ...(moderator && message.user_id !== me
        ? [
            { text: 'Mute 10 min', act: moderate('mute', MUTE_S) },
            { text: 'Ban', act: moderate('ban', null) },
          ]
        : []),
    ];
  }
  async function attempt(act) {
    try {
      await act();
      say(notice, '');
    } catch (error) {
      say(notice, error.message);
    }
  }

  const restricted = ({ kind, until }) => {
    const time = until ? ` until ${new Date(until).toLocaleTimeString('en-GB')}` : '';
    form.lock(kind === 'mute' ? `You are muted in this chat${time}.` : `You are banned from this chat${time}.`);
  };
  const showPresence = (people) => say(presence, `${people.toLocaleString('en')} in the chat`);
  const events = {
    chat_message(message) {
      say(typing, '');
      list.add(message);
    },
    message_deleted: ({ message_id }) => list.deleted(message_id),
    typing({ user_name }) {
      say(typing, `${user_name} is writing …`);
      clearTimeout(typingTimer);
      typingTimer = setTimeout(() => say(typing, ''), TYPING_SHOWN_MS);
    },
    presence: ({ viewers }) => showPresence(viewers),
    stream: ({ status, viewer_count }) => told({ status, viewer_count }),
    restricted: ({ restriction }) => restricted(restriction),
    restriction_lifted: () => form.lock(null),
  };
  const handlers = {
    joined({ messages, viewers, moderator: mayModerate, restriction }) {
      moderator = mayModerate;
      list.refresh();
      messages.forEach(list.add);
      form.element.hidden = false;
      form.lock(null);
      if (restriction) restricted(restriction);
      say(notice, '');
      showPresence(viewers);
      live(true);
    },
    away() {
      form.lock('The chat is connecting again.');
      live(false);
    },
    refused(error) {
      close();
      say(notice, error.message);
      if (!CLOSED_TO_READERS.has(error.code)) void read();
    },
    signedOut() {
      session.end();
      dispatchEvent(new Event('signed-out'));
    },
    told: events,
  };

  /** Asks for the latest, again and again: so it is also seen when one of them is deleted. */
  async function read() {
    reading = new AbortController();
    const { signal } = reading;
    const query = new URLSearchParams({ limit: '50', order: 'desc', ...(playToken ? { token: playToken } : {}) });
    while (!signal.aborted) {
      if (!document.hidden) {
        try {
          const { items } = await api.get(`/streams/${streamId}/chat?${query}`);
          if (signal.aborted) return;
          items.forEach(list.add);
        } catch (error) {
          say(notice, error.message);
        }
      }
      await pause(LOOK_MS, signal);
    }
  }

  function close() {
    socket?.close();
    socket = null;
    live(false);
    reading?.abort();
    say(presence, '');
    form.element.hidden = true;
    moderator = false;
    list.refresh();
  }
  return {
    /** Opens it for a person, null: for somebody without an account. Call it again after somebody signed in or out. */
    open(person) {
      close();
      me = person?.id ?? null;
      if (person) socket = openChatSocket({ streamId, playToken, on: handlers });
      else void read();
    },
    close,
  };
}
