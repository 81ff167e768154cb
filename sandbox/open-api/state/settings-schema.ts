import { z } from 'zod';

/** https://developers.tiktok.com/docs/en/scopes-overview */
export const SCOPES = ['user.info.basic', 'user.info.profile', 'user.info.stats', 'video.list', 'video.upload', 'video.publish'] as const;
export type Scope = (typeof SCOPES)[number];
export const scopeSchema = z.enum(SCOPES);

const ms = z
  .number()
  .int()
  .min(0)
  .max(10 * 365 * 86_400_000);
const seconds = z
  .number()
  .int()
  .min(0)
  .max(10 * 365 * 86_400);
const count = z.number().int().min(0).max(1_000_000);
const text = z.string().min(1).max(512);

export const autoConsentSchema = z.strictObject({
  username: z.string().min(1).max(100),
  decision: z.enum(['approve', 'deny']).default('approve'),
  /** Granted, of those that are asked for; absent: all of them. */
  scopes: z.array(scopeSchema).optional(),
});

const sections = {
  app: z.strictObject({
    client_key: text,
    client_secret: text,
    audited: z.boolean(),
    scopes: z.array(scopeSchema),
    /** Beside any loopback address, which is always allowed. */
    redirect_uris: z.array(text).max(10),
    /** Users of the app that may post in 24 h. */
    active_user_cap: count,
  }),
  consent: z.strictObject({
    /** Answers the consent page at once; null: a person does. */
    auto: autoConsentSchema.nullable(),
    require_pkce: z.boolean(),
    code_lifetime_ms: ms,
  }),
  tokens: z.strictObject({
    profile: z.enum(['strict', 'legacy']),
    access_lifetime_s: seconds,
    refresh_lifetime_s: seconds,
    /** Each refresh gives a new refresh token, and the one that was sent is dead. */
    rotate: z.boolean(),
    /** Each refresh begins the refresh token's life anew. */
    extend: z.boolean(),
    /** The access token dies when the next one is given. */
    previous_access_dies: z.boolean(),
    /** A refresh token that was used already answers with the same new pair for so long. */
    replay_grace_ms: ms,
    error_status: z.union([z.literal(200), z.literal(400)]),
  }),
  timings: z.strictObject({
    processing_ms: ms,
    /** From PUBLISH_COMPLETE to the post id; null: never. */
    moderation_ms: ms.nullable(),
    /** When the creator posts a draft by itself; null: by the control API only. */
    inbox_post_ms: ms.nullable(),
    upload_url_ms: ms,
    pull_delay_ms: ms,
    pull_timeout_ms: ms,
    /** status/fetch knows a new publish_id only after so long. */
    publish_id_hidden_ms: ms,
  }),
  limits: z.strictObject({
    user_info: count,
    creator_info: count,
    init: count,
    status: count,
    cancel: count,
    video_list: count,
    video_query: count,
    /** One counter for the three init routes instead of one for each. */
    shared_init: z.boolean(),
    retry_after_s: seconds.nullable(),
    direct_posts: count,
    pending_shares: count,
    unaudited_users: count,
  }),
  behaviour: z.strictObject({
    /** What a field outside the granted scopes gets: as documented (400), or as observed (401). */
    field_scope_error: z.enum(['scope_permission_missed', 'scope_not_authorized']),
    /** Whether creator_info of an unaudited app offers SELF_ONLY alone. */
    unaudited_self_only: z.boolean(),
    /** Whether the upload's Content-Range tells the count of bytes, or the last byte's index. */
    content_range: z.enum(['count', 'last_index']),
    /** Keeps a SHA-256 of what was uploaded. */
    sha256: z.boolean(),
    cancel_file_upload: z.boolean(),
    check_format: z.boolean(),
  }),
  pull: z.strictObject({
    /** With all their sub-domains. */
    domains: z.array(text).max(100),
    prefixes: z.array(text).max(100),
  }),
  webhooks: z.strictObject({
    url: z.url({ protocol: /^https?$/ }).nullable(),
    retry_initial_ms: ms,
    retry_max_ms: ms,
    max_attempts: z.number().int().min(1).max(100),
    timeout_ms: z.number().int().min(1).max(600_000),
    /** How often each event is sent beyond once. */
    duplicates: z.number().int().min(0).max(10),
    /** Above 0: events are collected for so long and sent newest first. */
    disorder_ms: ms,
    wrong_signature: z.boolean(),
    /** The signature's time lies so far in the past. */
    age_s: seconds,
    paused: z.boolean(),
  }),
};

export const settingsPatchSchema = z.strictObject({
  app: sections.app.partial().optional(),
  consent: sections.consent.partial().optional(),
  tokens: sections.tokens.partial().optional(),
  timings: sections.timings.partial().optional(),
  limits: sections.limits.partial().optional(),
  behaviour: sections.behaviour.partial().optional(),
  pull: sections.pull.partial().optional(),
  webhooks: sections.webhooks.partial().optional(),
});
export type SettingsPatch = z.infer<typeof settingsPatchSchema>;
export type Settings = { [Name in keyof typeof sections]: z.infer<(typeof sections)[Name]> };
