import { z } from '@hono/zod-openapi';
import { EVENT_TYPES } from '../../domain/contracts/live-event.ts';

/** One event as JSON: what all types share, and beside it the type's own fields. */
export const eventSchema = z
  .looseObject({
    id: z.uuid(),
    type: z.enum(EVENT_TYPES),
    livestream_id: z.uuid(),
    msg_id: z.string().openapi({ description: 'TikTok’s message id; unique in a livestream.' }),
    position: z.int().openapi({ description: 'Place in the livestream: rises, and may leave gaps.' }),
    occurred_at: z.iso.datetime().openapi({ description: 'TikTok’s own time.' }),
    received_at: z.iso.datetime().openapi({ description: 'When our socket had it.' }),
    is_history: z.boolean().openapi({ description: 'Replayed by TikTok on connecting; fires no rule.' }),
    user_id: z.string().nullable(),
    username: z.string().nullish(),
    nickname: z.string().nullish(),
    avatar_url: z.string().nullish(),
    is_follower: z.boolean().optional(),
    is_moderator: z.boolean().optional(),
    is_subscriber: z.boolean().optional(),
  })
  .openapi('LiveEvent', {
    description:
      'Fields by type: comment: comment, language · gift: gift_id, gift_name, diamond_count, repeat_count, total_diamonds, streak_id, streak_status, increment, ' +
      'increment_diamonds · like: like_count, total_likes · join: viewer_count · follow: follow_count · share: share_target · connect: room_id, title · ' +
      'disconnect: code, reason · live_end: cause.',
    example: {
      id: '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10',
      type: 'gift',
      livestream_id: '0199c6ef-11aa-7d02-9c1e-6d0f6b1f2c33',
      msg_id: '7412345678901234999',
      position: 42,
      occurred_at: '2026-01-31T20:15:00.000Z',
      received_at: '2026-01-31T20:15:00.120Z',
      is_history: false,
      user_id: '6812345678901234567',
      username: 'rosefan',
      nickname: 'Rose Fan',
      avatar_url: null,
      is_follower: true,
      gift_id: '5655',
      gift_name: 'Rose',
      diamond_count: 1,
      repeat_count: 5,
      total_diamonds: 5,
      streak_id: '6812345678901234567:5655:1',
      streak_status: 'ended',
      increment: 2,
      increment_diamonds: 2,
    },
  });

/** For answers: a LiveEvent is a union by type, which the loose schema covers. */
export type EventView = z.infer<typeof eventSchema>;
