import { EXAMPLE_USER, EXAMPLE_USER_ID } from './people-examples.ts';

/** For docs and the contract test: one conversation of two people. */
const ME = '0190a1b2-0000-7000-8000-000000000001';
const OTHER = EXAMPLE_USER_ID;

export const EXAMPLE_CONVERSATION = { id: '0190a1b2-0000-7000-8000-0000000000c1', unread_count: '1', can_send: '1', updated: '2026-03-14 18:00:00' };

export const EXAMPLE_MESSAGE = {
  id: '0190a1b2-0000-7000-8000-0000000000d1',
  conversation_id: EXAMPLE_CONVERSATION.id,
  position: '1',
  sender_id: ME,
  receiver_id: OTHER,
  message: 'See you on Friday!',
  deleted: '0',
  read: '0',
  created: '2026-03-14 18:00:00',
};

export const EXAMPLE_PARTNER = { ...EXAMPLE_USER, button: 'friends' };
