import type { AppEvents } from './app-events.ts';
import type { ErrorCode } from '../errors.ts';

/** Characters, after clean-up. */
export const CHAT_MESSAGE_MAX = 500;
/** Messages that a joining socket is given. */
export const CHAT_HISTORY = 50;
/** Most messages that `join({ after })` gives at once; `more` says that there are others. */
export const CHAT_CATCH_UP = 200;

export interface ChatMessage {
  id: string;
  stream_id: string;
  /** Order within the stream: rises, without gaps. */
  position: number;
  user_id: string;
  user_name: string;
  /** Plain text; whoever shows it as HTML escapes it. '' once deleted. */
  message: string;
  reply_to: string | null;
  timestamp: string;
  deleted: boolean;
}

export const RESTRICTION_KINDS = ['mute', 'ban'] as const;
export type RestrictionKind = (typeof RESTRICTION_KINDS)[number];

/** A mute lets read, a ban lets nothing. Kept by user, so that a new login or another address changes nothing. */
export interface ChatRestriction {
  id: string;
  workspace_id: string;
  /** null: in all streams of the workspace. */
  stream_id: string | null;
  user_id: string;
  kind: RestrictionKind;
  reason: string | null;
  /** null: for good. */
  until: string | null;
  created_by: string | null;
  created_at: string;
}

/** Input of the `chatRestriction` workflow, which lifts it when its time is over. */
export interface ChatRestrictionInput {
  restriction_id: string;
  workspace_id: string;
  until_ms: number;
}

export interface ChatRestrictionActivities {
  /** Lifts it if its time is over and tells all API processes; what is lifted already is no fault. @returns the time that it lasts until now; null: lifted, or for good by now */
  liftRestriction(input: { restriction_id: string }): Promise<{ until_ms: number | null }>;
}

export interface ChatRestrictionSweep {
  /** Starts timers that could not be started when they were asked for, and lifts what is over. @returns how many of each */
  sweepRestrictions(): Promise<{ started: number; lifted: number }>;
}

export interface ChatSettings {
  /** Seconds between two messages of one viewer; 0: off. */
  slow_mode_s: number;
  links_allowed: boolean;
  /** Whole words, any case. */
  blocked_words: string[];
}
export const DEFAULT_CHAT_SETTINGS: ChatSettings = { slow_mode_s: 0, links_allowed: true, blocked_words: [] };

/** Words that a chat may refuse, and how long each may be. */
export const CHAT_WORDS_MAX = 200;
export const CHAT_WORD_LENGTH = 50;
/** Longest time of a restriction that is not for good, seconds: ten years. */
export const CHAT_RESTRICTION_MAX_S = 315_360_000;
export const CHAT_SLOW_MODE_MAX_S = 3_600;

export interface JoinedChat {
  /** Oldest first: the last CHAT_HISTORY, or what came after `after`. */
  messages: ChatMessage[];
  /** There are more after the last of `messages`: join again with its position. */
  more: boolean;
  /** Distinct signed-in users in the room. */
  viewers: number;
  settings: ChatSettings;
  moderator: boolean;
  restriction: ChatRestriction | null;
}

/** NOTIFY on CHANNELS.chat: what changed of a chat's moderation. All API processes look at the tables again. */
export type ChatNotice =
  | { kind: 'restriction'; workspace_id: string; stream_id: string | null; user_id: string }
  | { kind: 'moderator'; workspace_id: string; user_id: string }
  | { kind: 'settings'; stream_id: string }
  | { kind: 'deleted'; stream_id: string; message_id: string };

/** What a socket hears: in acknowledgements of what it asked for. */
export type ChatAck<T = object> = ({ ok: true } & T) | { ok: false; code: ErrorCode; message: string; retry_after_ms: number | null };

/** Socket.IO, client to server; every one is acknowledged. */
export interface ChatClientEvents {
  /** `after`: position of the last message that the client has, so that none is missed. `token`: play token of a private stream. */
  join(input: { stream_id: string; after?: number; token?: string }, ack: (answer: ChatAck<JoinedChat>) => void): void;
  leave(input: { stream_id: string }, ack: (answer: ChatAck) => void): void;
  chat_message(input: { stream_id: string; message: string; reply_to?: string | null; client_id?: string }, ack: (answer: ChatAck<{ message: ChatMessage }>) => void): void;
  typing(input: { stream_id: string }): void;
  delete_message(input: { stream_id: string; message_id: string }, ack: (answer: ChatAck) => void): void;
  moderate(input: { stream_id: string; user_id: string; kind: RestrictionKind; seconds: number | null; reason?: string | null; scope?: 'stream' | 'workspace' }, ack: (answer: ChatAck<{ restriction: ChatRestriction }>) => void): void;
  lift(input: { stream_id: string; user_id: string; kind: RestrictionKind }, ack: (answer: ChatAck) => void): void;
  settings(input: { stream_id: string } & Partial<ChatSettings>, ack: (answer: ChatAck<{ settings: ChatSettings }>) => void): void;
}

/** Server to client. */
export interface ChatServerEvents extends AppEvents {
  chat_message(message: ChatMessage): void;
  message_deleted(event: { stream_id: string; message_id: string }): void;
  typing(event: { stream_id: string; user_id: string; user_name: string }): void;
  presence(event: { stream_id: string; viewers: number; sockets: number }): void;
  settings(event: { stream_id: string; settings: ChatSettings }): void;
  /** There are messages up to this position: who has fewer joins again with `after`. Told after an interruption on our side. */
  position(event: { stream_id: string; position: number }): void;
  /** The server cuts the line now. `reconnect`: come again; else a new token (or nothing) is needed first. */
  closing(event: { code: ErrorCode; message: string; reconnect: boolean }): void;
  /** The stream was deleted, or is not this user's to watch any more: they are out of its room. */
  closed(event: { stream_id: string; code: ErrorCode }): void;
  /** To the one that it is about; after a ban the socket is cut. */
  restricted(event: { stream_id: string | null; restriction: ChatRestriction }): void;
  restriction_lifted(event: { stream_id: string | null; kind: RestrictionKind }): void;
  /** The stream's row changed: its status, its viewers. */
  stream(event: { stream_id: string; status: string; viewer_count: number }): void;
}
