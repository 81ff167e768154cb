import { z } from 'zod';
import { CONTROL_ACTIONS } from '../events.ts';
import { DEFAULT_MIX, mixSchema } from '../rooms/settings.ts';

const int64 = z
  .union([z.string().regex(/^\d{1,19}$/, 'must be a decimal number of at most 19 digits'), z.number().int().min(0)])
  .transform(String);
const count = z.number().int().min(0).max(2_147_483_647);
const text = z.string().max(2_000_000);

const userSchema = z.strictObject({
  username: z.string().min(1).max(500),
  user_id: int64.optional(),
  nickname: z.string().max(10_000).optional(),
  avatar_url: z.string().nullable().optional(),
  is_follower: z.boolean().optional(),
  is_moderator: z.boolean().optional(),
  is_subscriber: z.boolean().optional(),
});
export type UserInput = z.infer<typeof userSchema>;

const common = {
  /** Given twice, the totals count it once. */
  msg_id: int64.optional(),
  created_at_ms: z.number().int().min(0).optional(),
  /** A handle, or a user; absent: somebody of the audience. */
  user: z.union([z.string().min(1).max(500), userSchema]).optional(),
};

/** An event to push; all but its type may be left to the sandbox. */
export const eventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('comment'), comment: text.optional(), language: z.string().max(100).optional(), ...common }),
  z.strictObject({
    type: z.literal('gift'),
    /** Id or name of the catalogue, or any other with diamond_count. */
    gift: z.string().max(1_000).optional(),
    gift_id: int64.optional(),
    gift_name: z.string().max(1_000).optional(),
    diamond_count: count.optional(),
    streakable: z.boolean().optional(),
    repeat_count: count.optional(),
    repeat_end: z.boolean().optional(),
    group_id: int64.nullable().optional(),
    ...common,
  }),
  z.strictObject({ type: z.literal('like'), like_count: count.optional(), total_likes: z.number().int().min(0).optional(), ...common }),
  z.strictObject({ type: z.literal('join'), viewer_count: count.optional(), ...common }),
  z.strictObject({ type: z.literal('follow'), follow_count: z.number().int().min(0).optional(), ...common }),
  z.strictObject({ type: z.literal('share'), share_target: z.string().max(1_000).optional(), share_count: count.optional(), ...common }),
  z.strictObject({
    type: z.literal('room_user'),
    viewer_count: z.number().int().min(0).optional(),
    total_viewers: z.number().int().min(0).optional(),
    ...common,
  }),
  z.strictObject({ type: z.literal('control'), action: z.enum(CONTROL_ACTIONS), tips: z.string().max(1_000).optional(), ...common }),
  z.strictObject({ type: z.literal('raw'), method: z.string().min(1).max(200), payload_base64: text, ...common }),
]);
export type EventInput = z.infer<typeof eventSchema>;

export const eventsSchema = z.union([
  eventSchema.transform((event) => ({ events: [event], events_per_frame: undefined })),
  z
    .array(eventSchema)
    .min(1)
    .max(20_000)
    .transform((events) => ({ events, events_per_frame: undefined })),
  z.strictObject({ events: z.array(eventSchema).min(1).max(20_000), events_per_frame: z.number().int().min(1).max(20_000).optional() }),
]);

export const roomNameSchema = z.string().regex(/^[A-Za-z0-9._]{1,24}$/, 'must be a TikTok handle: letters, digits, _ and . (at most 24)');

export const loadSchema = z
  .strictObject({
    events_per_second: z.number().min(1).max(50_000),
    events_per_frame: z.number().int().min(1).max(1_000).default(1),
    duration_s: z.number().min(0.001).max(86_400).optional(),
    total: z.number().int().min(1).max(1_000_000_000).optional(),
    mix: mixSchema.default(DEFAULT_MIX),
  })
  .refine((load) => Object.values(load.mix).some((weight) => weight > 0), { path: ['mix'], message: 'must give a weight to something' });

export const dropSchema = z.strictObject({
  /** 1000, 1001, 1011 or 3000–4999; absent: the TCP connection is reset. */
  code: z
    .number()
    .int()
    .refine(
      (code) => [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].includes(code) || (code >= 3000 && code < 5000),
    )
    .optional(),
  reason: z.string().max(100).optional(),
});

export const frameSchema = z.strictObject({ frame_base64: text, text: z.boolean().default(false) });
export const redeliverSchema = z.strictObject({ frames: z.number().int().min(1).max(20).default(1), shuffle: z.boolean().default(false) });

export const budgetSchema = z.strictObject({
  limit: z.number().int().min(0).max(1_000_000).optional(),
  window_s: z.number().int().min(1).max(86_400).optional(),
  api_keys: z.array(z.string()).nullable().optional(),
});

export const shortLinkSchema = z.strictObject({ location: z.string().min(1).max(2_000) });
