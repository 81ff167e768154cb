import { SANDBOX_APP } from '../../../domain/sandbox-app.ts';
import { SCOPES, type Settings, type SettingsPatch } from './settings-schema.ts';

/** Lifetimes of the documentation of November 2026, and of that before it. */
const PROFILES = {
  strict: { profile: 'strict', access_lifetime_s: 7_200, refresh_lifetime_s: 15_552_000, rotate: true },
  legacy: { profile: 'legacy', access_lifetime_s: 86_400, refresh_lifetime_s: 31_536_000, rotate: false },
} as const;

const defaults = (webhookUrl: string | null): Settings => ({
  app: { ...SANDBOX_APP, audited: true, scopes: [...SCOPES], redirect_uris: [], active_user_cap: 100_000 },
  consent: { auto: null, require_pkce: false, code_lifetime_ms: 300_000 },
  tokens: { ...PROFILES.strict, extend: true, previous_access_dies: false, replay_grace_ms: 0, error_status: 400 },
  timings: {
    processing_ms: 1_500,
    moderation_ms: 1_000,
    inbox_post_ms: null,
    upload_url_ms: 3_600_000,
    pull_delay_ms: 0,
    pull_timeout_ms: 3_600_000,
    publish_id_hidden_ms: 0,
  },
  limits: {
    user_info: 600,
    creator_info: 20,
    init: 6,
    status: 30,
    cancel: 600,
    video_list: 600,
    video_query: 600,
    shared_init: false,
    retry_after_s: null,
    direct_posts: 15,
    pending_shares: 5,
    unaudited_users: 5,
  },
  behaviour: {
    field_scope_error: 'scope_not_authorized',
    unaudited_self_only: false,
    content_range: 'count',
    sha256: false,
    cancel_file_upload: true,
    check_format: true,
  },
  pull: { domains: ['127.0.0.1', 'localhost', '[::1]'], prefixes: [] },
  webhooks: {
    url: webhookUrl,
    retry_initial_ms: 1_000,
    retry_max_ms: 60_000,
    max_attempts: 12,
    timeout_ms: 10_000,
    duplicates: 0,
    disorder_ms: 0,
    wrong_signature: false,
    age_s: 0,
    paused: false,
  },
});

export interface SettingsDesk {
  readonly current: Settings;
  /** Changes what is given; a token profile brings its lifetimes and its rotation. */
  patch(patch: SettingsPatch): Settings;
  reset(): void;
}

export function createSettings(webhookUrl: string | null): SettingsDesk {
  let current = defaults(webhookUrl);
  return {
    get current() {
      return current;
    },
    patch: (patch) => {
      const profile = patch.tokens?.profile ? PROFILES[patch.tokens.profile] : {};
      current = {
        app: { ...current.app, ...patch.app },
        consent: { ...current.consent, ...patch.consent },
        tokens: { ...current.tokens, ...profile, ...patch.tokens },
        timings: { ...current.timings, ...patch.timings },
        limits: { ...current.limits, ...patch.limits },
        behaviour: { ...current.behaviour, ...patch.behaviour },
        pull: { ...current.pull, ...patch.pull },
        webhooks: { ...current.webhooks, ...patch.webhooks },
      };
      return current;
    },
    reset: () => void (current = defaults(webhookUrl)),
  };
}
