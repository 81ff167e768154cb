/**
 * The message that is being written, under one client_id until it is stored or becomes another one: said again because no answer came, the
 * server knows it.
 */
export function createChatDraft(newId = () => crypto.randomUUID()) {
  let draft = null;
  return {
    /** @returns what is to be sent: { message, reply_to, client_id } */
    of(message, reply_to) {
      if (draft?.message !== message || draft.reply_to !== reply_to) draft = { message, reply_to, client_id: newId() };
      return draft;
    },
    sent: () => (draft = null),
  };
}
