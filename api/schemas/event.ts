import { z } from '@hono/zod-openapi';
import { EVENT_TYPES } from '../../domain/contracts/live-event.ts';
import { RULE_EVENT_TYPES } from '../../domain/contracts/rule.ts';

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

/** An event of a LIVE, of a shop or of the social app: what all have, and beside it the type's own fields. */
export const ruleEventSchema = z
  .looseObject({
    id: z.uuid(),
    type: z.enum(RULE_EVENT_TYPES),
    occurred_at: z.iso.datetime(),
    received_at: z.iso.datetime(),
    is_history: z.boolean(),
  })
  .openapi('RuleEvent', {
    description:
      'A LiveEvent, an event of a shop, or a gift of the social app (as a LIVE’s gift, with livestream_id null, and beside it workspace_id, gift_transaction_id, receiver, stream_id, video_id, total). order: change, order_id, status, previous_status, total (major units), currency, item_count, items, seller_skus, buyer_nickname, ' +
      'buyer_note, user_id · inventory: change, product_id, product_name, sku_id, seller_sku, available, previous_available; both: workspace_id, channel_id, shop_name.',
    example: {
      id: '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a11',
      type: 'order',
      occurred_at: '2026-01-31T20:15:00.000Z',
      received_at: '2026-01-31T20:15:01.120Z',
      is_history: false,
      workspace_id: '0199c6ef-11aa-7d02-9c1e-6d0f6b1f2c30',
      channel_id: '0199c6ef-11aa-7d02-9c1e-6d0f6b1f2c31',
      shop_name: 'Nordlicht UK',
      change: 'paid',
      order_id: '576461413038785752',
      status: 'AWAITING_SHIPMENT',
      previous_status: 'UNPAID',
      total: 24.9,
      currency: 'GBP',
      item_count: 1,
      items: ['Desk lamp'],
      seller_skus: ['LAMP-1'],
      buyer_nickname: 'Jo',
      buyer_note: 'A gift, please wrap it',
      user_id: '7494845267308415300',
    },
  });

export type RuleEventView = z.infer<typeof ruleEventSchema>;
