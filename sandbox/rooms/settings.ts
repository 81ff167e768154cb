import { z } from 'zod';

const share = z.number().min(0).max(1);
const duration = z.number().int().min(1).max(86_400_000);
const weight = z.number().min(0).max(1_000).default(0);

/** Weights of the kinds of events; they need not add up to anything. */
export const mixSchema = z.strictObject({
  comment: weight,
  like: weight,
  join: weight,
  gift: weight,
  follow: weight,
  share: weight,
  room_user: weight,
});
export type Mix = z.infer<typeof mixSchema>;

export const DEFAULT_MIX: Mix = { comment: 60, like: 15, join: 10, gift: 10, follow: 2, share: 1, room_user: 2 };

const trafficSchema = z.strictObject({
  /** 0: nothing happens by itself. */
  events_per_second: z.number().min(0).max(20_000).default(0),
  events_per_frame: z.number().int().min(1).max(1_000).default(1),
  mix: mixSchema.default(DEFAULT_MIX),
  /** Share of streaks whose end never comes. */
  abandoned_streaks: share.default(0),
});

const faultsSchema = z.strictObject({
  /** Each socket is cut after so long, by turns with a TCP reset and with close code 1011. */
  drop_every_ms: duration.nullable().default(null),
  /** Each socket falls silent after so long: open, but nothing is sent and nothing answered. */
  freeze_after_ms: duration.nullable().default(null),
  /** Share of frames that are followed by one of the last 20 again. */
  redeliver: share.default(0),
  /** Share of frames that are held back and overtaken by the next. */
  reorder: share.default(0),
  /** Every so many frames a broken one goes between. */
  malformed_every: z.number().int().min(1).max(1_000_000).nullable().default(null),
});

const SIGN_MODES = [
  'ok',
  'rate_limited',
  'payment_required',
  'unauthorized',
  'failing',
  'empty_cookies',
  'no_cursor',
  'malformed',
  'html',
] as const;

export const signSchema = z.strictObject({
  mode: z.enum(SIGN_MODES).default('ok'),
  /** So many calls get that, then it is ok again; null: until it is changed. */
  times: z.number().int().min(1).nullable().default(null),
  /** With `times`: after one call that was ok, it starts again. */
  cycle: z.boolean().default(false),
  retry_after_s: z.number().int().min(0).max(86_400).default(5),
  /** The answer takes at least so long. */
  slow_ms: z.number().int().min(0).max(600_000).default(0),
});
export type SignBehaviour = z.infer<typeof signSchema>;

const lifeSchema = z.strictObject({
  /** While offline: it goes live so long after somebody first asked for it. */
  live_after_ms: duration.nullable().default(null),
  /** It ends so long after a socket first opened. */
  end_after_ms: duration.nullable().default(null),
  end_as: z.enum(['ended', 'suspended']).default('ended'),
  /** It goes live again, as a new room, so long after it ended. */
  again_after_ms: duration.nullable().default(null),
});

const lookup = z.enum(['ok', 'not_found', 'blocked', 'unavailable']).default('ok');
/** Each of TikTok's lookups can fail by itself. */
const lookupsSchema = z.strictObject({ html: lookup, api_live: lookup, euler: lookup, room_info: lookup });
export type LookupOutcome = z.infer<typeof lookup>;

export const ROOM_STATUSES = ['live', 'offline', 'ended', 'suspended'] as const;
export type RoomStatus = (typeof ROOM_STATUSES)[number];

export const settingsSchema = z.strictObject({
  title: z.string().max(500).default('LIVE'),
  nickname: z.string().max(200).optional(),
  /** The status with which the room begins. */
  starts: z.enum(ROOM_STATUSES).default('live'),
  traffic: trafficSchema.prefault({}),
  faults: faultsSchema.prefault({}),
  sign: signSchema.prefault({}),
  life: lifeSchema.prefault({}),
  lookups: lookupsSchema.prefault({}),
  /** Only a session cookie opens it. */
  age_restricted: z.boolean().default(false),
  /** Messages kept for those who resume by a cursor. */
  log_size: z.number().int().min(1).max(1_000_000).default(5_000),
  /** Messages of the backlog that a first connect gets, marked as history. */
  history: z.number().int().min(0).max(1_000).default(6),
  /** Messages from before the cursor that a resume gets again. */
  overlap: z.number().int().min(0).max(1_000).default(3),
  /** Messages of the backlog that a sign answer holds at most; the rest goes over the socket. */
  sign_backlog: z.number().int().min(0).max(100_000).default(1_000),
  /** Push payloads of more bytes are gzipped, if the client asked for it; null: never. A gzip costs 30–60 µs, however small. */
  gzip_above_bytes: z.number().int().min(0).nullable().default(1_024),
});
export type RoomSettings = z.infer<typeof settingsSchema>;
export type RoomSettingsInput = z.input<typeof settingsSchema>;

/** Every part may be given in part: what is absent stays as it is. */
export const settingsPatchSchema = z.record(z.string(), z.unknown());

/** @throws ZodError where the result is not valid */
export function patchSettings(current: RoomSettings, patch: Record<string, unknown>): RoomSettings {
  const merged: Record<string, unknown> = { ...current };
  for (const [key, value] of Object.entries(patch)) merged[key] = mergePart(merged[key], value);
  return settingsSchema.parse(merged);
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const mergePart = (current: unknown, value: unknown): unknown => (isObject(current) && isObject(value) ? { ...current, ...value } : value);
