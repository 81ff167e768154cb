import { z } from 'zod';
import { CHAT_RESTRICTION_MAX_S, CHAT_SLOW_MODE_MAX_S, CHAT_WORD_LENGTH, CHAT_WORDS_MAX, RESTRICTION_KINDS } from '../../domain/contracts/chat.ts';
import { isBlockable } from '../../domain/streaming/chat-words.ts';
import { uuid } from '../schemas/uuid.ts';

const noNul = (text: string): boolean => !text.includes('\0');

export const restrictionOrder = z.object({
  user_id: uuid(),
  kind: z.enum(RESTRICTION_KINDS),
  seconds: z.int().min(1).max(CHAT_RESTRICTION_MAX_S).nullable(),
  reason: z.string().trim().max(500).refine(noNul, 'must not contain the character NUL').nullable().optional(),
  scope: z.enum(['stream', 'workspace']).optional(),
});

export const settingsChange = z.object({
  slow_mode_s: z.int().min(0).max(CHAT_SLOW_MODE_MAX_S).optional(),
  links_allowed: z.boolean().optional(),
  blocked_words: z.array(z.string().trim().min(1).max(CHAT_WORD_LENGTH).refine(noNul, 'must not contain the character NUL').refine(isBlockable, 'has neither a letter, a figure nor an emoji')).max(CHAT_WORDS_MAX).optional(),
});

const stream_id = uuid();

/** What sockets send, except chat_message, which is checked by hand: it is by far the most frequent. */
export const INPUTS = {
  join: z.object({ stream_id, after: z.int().min(0).optional(), token: z.string().max(4_096).optional() }),
  leave: z.object({ stream_id }),
  typing: z.object({ stream_id }),
  delete_message: z.object({ stream_id, message_id: uuid() }),
  moderate: restrictionOrder.extend({ stream_id }),
  lift: z.object({ stream_id, user_id: uuid(), kind: z.enum(RESTRICTION_KINDS) }),
  settings: settingsChange.extend({ stream_id }),
} as const;
