import type { AppUser } from '../../db/app-user.repository.ts';
import { otherOf, readOf, type Conversation, type ListedConversation } from '../../db/conversation.repository.ts';
import type { DirectMessage } from '../../db/direct-message.repository.ts';
import type { DirectMessageTold } from '../../domain/contracts/app-events.ts';
import type { Relationship } from '../../domain/contracts/social.ts';
import { flagOf, textOf, timeOf, userView } from './views.ts';

type Shown = Pick<DirectMessage, 'id' | 'conversation_id' | 'position' | 'sender_id' | 'message' | 'created_at' | 'deleted_at'>;

/** `Message` of the contract. `read`: its receiver has read it. */
export const messageView = (message: Shown, conversation: Pick<Conversation, 'low_id' | 'high_id' | 'low_read' | 'high_read'>) => {
  const receiver_id = otherOf(conversation, message.sender_id);
  return {
    id: message.id,
    conversation_id: message.conversation_id,
    position: textOf(message.position),
    sender_id: message.sender_id,
    receiver_id,
    message: message.message,
    deleted: flagOf(message.deleted_at !== null),
    read: flagOf(readOf(conversation, receiver_id) >= message.position),
    created: timeOf(message.created_at),
  };
};

/** The same for those who are connected. */
export const messageTold = (message: DirectMessage, receiver_id: string): DirectMessageTold => ({
  id: message.id,
  conversation_id: message.conversation_id,
  sender_id: message.sender_id,
  receiver_id,
  position: message.position,
  message: message.message,
  created_at: message.created_at.toISOString(),
});

/** `Conversation` of the contract. */
export const conversationView = ({ id, last_message_at }: Pick<Conversation, 'id' | 'last_message_at'>, unread: number, canSend: boolean) => ({
  id,
  unread_count: textOf(unread),
  can_send: flagOf(canSend),
  updated: timeOf(last_message_at),
});

export const lastMessageOf = (listed: ListedConversation) =>
  messageView(
    {
      id: listed.message_id,
      conversation_id: listed.id,
      position: listed.last_position,
      sender_id: listed.message_sender_id,
      message: listed.message,
      created_at: listed.message_at,
      deleted_at: listed.message_deleted_at,
    },
    listed,
  );

/** The other of a conversation. Where one has blocked the other, or they are gone, only who it was is left. */
export function partnerView(id: string, user: AppUser | undefined, relationship: Relationship, isBlocked: boolean) {
  if (user && !isBlocked) return userView(user, relationship);
  const nothing = { first_name: '', last_name: '', bio: '', gender: '', website: '', profile_pic: '', verified: '0', private: '1', followers_count: '0', following_count: '0', video_count: '0', likes_count: '0', button: '', created: '' };
  return { id, username: user?.username ?? '', ...nothing };
}
