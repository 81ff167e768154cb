import { z } from '@hono/zod-openapi';
import { RESTRICTION_KINDS, type ChatMessage, type ChatRestriction } from '../../domain/contracts/chat.ts';
import { restrictionOrder, settingsChange } from '../chat/input.ts';
import type { ChatModerator } from '../../db/chat-moderator.repository.ts';
import { EXAMPLE_TIME, id, timestamp } from './common.ts';

export const chatMessageSchema = z
  .object({
    id,
    stream_id: id,
    position: z.int().openapi({ example: 17, description: 'Order within the stream: rises, without gaps.' }),
    user_id: id,
    user_name: z.string().openapi({ example: 'Ada' }),
    message: z.string().openapi({ example: 'Hello!', description: 'Plain text: escape it where it is shown as HTML. Empty once deleted.' }),
    reply_to: id.nullable().openapi({ description: 'The message that it answers.' }),
    timestamp,
    deleted: z.boolean(),
  })
  .openapi('ChatMessage') satisfies z.ZodType<ChatMessage>;

export const chatRestrictionSchema = z
  .object({
    id,
    workspace_id: id,
    stream_id: id.nullable().openapi({ description: 'null: in all streams of the workspace.' }),
    user_id: id,
    kind: z.enum(RESTRICTION_KINDS).openapi({ description: 'mute: reads only. ban: is out.' }),
    reason: z.string().nullable().openapi({ example: 'spam' }),
    until: z.string().nullable().openapi({ format: 'date-time', example: EXAMPLE_TIME, description: 'null: for good.' }),
    created_by: id.nullable(),
    created_at: timestamp,
  })
  .openapi('ChatRestriction') satisfies z.ZodType<ChatRestriction>;

export const newRestriction = restrictionOrder
  .extend({
    seconds: restrictionOrder.shape.seconds.openapi({ example: 600, description: 'How long it holds; null: for good.' }),
    scope: restrictionOrder.shape.scope.openapi({ description: 'stream (default): this one. workspace: all of the workspace’s.' }),
  })
  .strict()
  .openapi('NewChatRestriction');

export const chatSettingsSchema = z
  .object({
    slow_mode_s: z.int().openapi({ example: 10, description: 'Seconds between two messages of one viewer; 0: off.' }),
    links_allowed: z.boolean(),
    blocked_words: z.array(z.string()).openapi({ example: ['badword'], description: 'Whole words and phrases, in any case, with or without accents.' }),
  })
  .openapi('ChatSettings');

export const chatSettingsChange = settingsChange.strict().openapi('ChatSettingsChange', { example: { slow_mode_s: 10, links_allowed: false, blocked_words: ['badword'] } });

export const chatModeratorSchema = z.object({ user_id: id, user_name: z.string().openapi({ example: 'Ada' }), added_by: id.nullable(), created_at: timestamp }).openapi('ChatModerator');

export const toModerator = ({ created_at, ...moderator }: ChatModerator): z.infer<typeof chatModeratorSchema> => ({ ...moderator, created_at: created_at.toISOString() });
