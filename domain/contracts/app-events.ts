/** What connected apps are told over Socket.IO, beside the chat's own events. Names of fields as in the verbs' answers. */
export interface GiftShown {
  id: string;
  stream_id: string | null;
  video_id: string | null;
  sender: { id: string; username: string; profile_pic: string };
  receiver_id: string;
  gift: { id: string; name: string; coins: number; image: string };
  count: number;
  /** All of them together. */
  coins: number;
  /** ISO 8601 UTC. */
  created_at: string;
}

export interface DirectMessageTold {
  id: string;
  conversation_id: string;
  sender_id: string;
  receiver_id: string;
  position: number;
  message: string;
  created_at: string;
}

/** Its text is empty for both now. */
export interface DirectMessageDeleted {
  id: string;
  conversation_id: string;
  position: number;
}

export interface NotificationTold {
  id: string;
  kind: string;
  text: string;
  sender_id: string | null;
  video_id: string | null;
  subject_id: string | null;
  created_at: string;
}

export interface AppEvents {
  gift(event: GiftShown): void;
  direct_message(event: DirectMessageTold): void;
  direct_message_deleted(event: DirectMessageDeleted): void;
  notification(event: NotificationTold): void;
}
