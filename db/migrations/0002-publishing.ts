import { sql, type Kysely } from 'kysely';

/** Social accounts, their OAuth states, media, posts with their timeline and quota, TikTok's webhooks, and metrics. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create table social_accounts (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    open_id text not null,
    union_id text,
    username text,
    display_name text,
    avatar_url text,
    profile_deep_link text,
    is_verified boolean,
    scopes text[] not null,
    state text not null check (state in ('connected', 'expiring', 'reconnect_needed', 'disconnected')),
    state_code text,
    state_reason text,
    access_token text,
    refresh_token text,
    token_version integer not null default 1,
    token_obtained_at timestamptz,
    access_expires_at timestamptz,
    refresh_expires_at timestamptz,
    -- Set before a refresh token is sent, cleared with the commit of the answer: found set, an answer may have been lost.
    refresh_sent_version integer,
    last_refreshed_at timestamptz,
    last_refresh_error text,
    connected_by uuid references users (id) on delete set null,
    connected_at timestamptz not null default now(),
    disconnected_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (workspace_id, open_id),
    check ((state in ('connected', 'expiring')) <= (access_token is not null and refresh_token is not null)),
    check (state <> 'disconnected' or (access_token is null and refresh_token is null))
  )`,
  `create index social_accounts_open_id on social_accounts (open_id)`,

  `create table oauth_states (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    -- SHA-256 of the browser's cookie.
    browser_hash text not null,
    code_verifier text not null,
    redirect_to text not null,
    redirect_uri text not null,
    -- Sealed; there between the return from TikTok and the exchange.
    code text,
    expires_at timestamptz not null,
    used_at timestamptz,
    social_account_id uuid,
    created_at timestamptz not null default now()
  )`,
  `create index oauth_states_expiry on oauth_states (expires_at)`,

  `create table media (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    storage_key text not null unique,
    file_name text not null,
    content_type text not null,
    size_bytes bigint not null,
    sha256 text not null,
    -- The storage's own version of the bytes: another one is another file.
    storage_version text not null,
    probe jsonb,
    created_by uuid references users (id) on delete set null,
    created_at timestamptz not null default now()
  )`,
  `create index media_list on media (workspace_id, id desc)`,

  `create table posts (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    social_account_id uuid not null references social_accounts (id) on delete cascade,
    -- Posts of one request, one for each account.
    group_id uuid not null,
    kind text not null check (kind in ('video', 'photo')),
    mode text not null check (mode in ('direct', 'inbox')),
    source text not null check (source in ('file', 'url')),
    media_id uuid references media (id),
    video_url text,
    photo_urls text[],
    content jsonb not null,
    publish_at timestamptz,
    time_zone text,
    state text not null check (state in ('scheduled', 'waiting_quota', 'preparing', 'uploading', 'processing', 'in_inbox', 'unconfirmed', 'published', 'failed', 'cancelled')),
    state_code text,
    state_reason text,
    -- How often a person had it tried.
    run integer not null default 1,
    -- Set before init is sent, with its number; publish_id comes with the answer.
    init_count integer not null default 0,
    init_sent_at timestamptz,
    publish_id text unique,
    upload_url text,
    chunk_size bigint,
    chunk_count integer,
    bytes_total bigint,
    bytes_uploaded bigint not null default 0,
    tiktok_post_ids text[] not null default '{}',
    permalink text,
    created_by uuid references users (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    started_at timestamptz,
    published_at timestamptz,
    check ((source = 'file') = (media_id is not null)),
    check (source <> 'url' or ((kind = 'video') = (video_url is not null) and (kind = 'photo') = (photo_urls is not null)))
  )`,
  `create index posts_list on posts (workspace_id, id desc)`,
  `create index posts_by_account on posts (social_account_id, state)`,
  `create index posts_by_media on posts (media_id)`,
  `create index posts_on_their_way on posts (updated_at) where state in ('scheduled', 'waiting_quota', 'preparing', 'uploading', 'processing', 'unconfirmed')`,

  `create table post_timeline (
    id bigint generated always as identity primary key,
    post_id uuid not null references posts (id) on delete cascade,
    run integer not null,
    at timestamptz not null default now(),
    kind text not null,
    detail text,
    -- What makes a repeat of the same step the same entry.
    dedupe_key text not null,
    unique (post_id, dedupe_key)
  )`,
  `create index post_timeline_list on post_timeline (post_id, id)`,

  // One row for each post that asks for an init; granted ones are counted in sliding windows.
  `create table init_turns (
    id bigint generated always as identity primary key,
    social_account_id uuid not null references social_accounts (id) on delete cascade,
    post_id uuid not null references posts (id) on delete cascade,
    turn_key text not null unique,
    mode text not null,
    asked_at timestamptz not null default now(),
    granted_at timestamptz,
    -- It came to no post: the call counts in its minute, but not in the 24 hours.
    voided_at timestamptz
  )`,
  `create index init_turns_queue on init_turns (social_account_id, id)`,
  `create index init_turns_by_post on init_turns (post_id)`,
  // What TikTok itself said: no init before this.
  `create table init_holds (
    social_account_id uuid not null references social_accounts (id) on delete cascade,
    mode text not null,
    until timestamptz not null,
    code text not null,
    reason text not null,
    primary key (social_account_id, mode)
  )`,

  `create table tiktok_webhooks (
    -- SHA-256 of the body: TikTok repeats them for up to 72 hours.
    id text primary key,
    event text not null,
    user_openid text,
    body text not null,
    received_at timestamptz not null default now(),
    times_received integer not null default 1,
    processed_at timestamptz,
    outcome text
  )`,
  `create index tiktok_webhooks_open on tiktok_webhooks (received_at) where processed_at is null`,

  `create table account_metrics (
    social_account_id uuid not null references social_accounts (id) on delete cascade,
    at timestamptz not null,
    follower_count bigint not null,
    following_count bigint not null,
    likes_count bigint not null,
    video_count bigint not null,
    primary key (social_account_id, at)
  )`,
  // One row for each public TikTok post of ours: when it is sampled next, and whether it is gone.
  `create table sampled_videos (
    video_id text not null,
    social_account_id uuid not null references social_accounts (id) on delete cascade,
    post_id uuid not null references posts (id) on delete cascade,
    published_at timestamptz not null,
    next_sample_at timestamptz not null default now(),
    misses integer not null default 0,
    gone_at timestamptz,
    primary key (social_account_id, video_id)
  )`,
  `create index sampled_videos_due on sampled_videos (social_account_id, next_sample_at) where gone_at is null`,
  `create table post_metrics (
    social_account_id uuid not null,
    video_id text not null,
    post_id uuid not null references posts (id) on delete cascade,
    at timestamptz not null,
    view_count bigint not null,
    like_count bigint not null,
    comment_count bigint not null,
    share_count bigint not null,
    primary key (social_account_id, video_id, at),
    foreign key (social_account_id, video_id) references sampled_videos (social_account_id, video_id) on delete cascade
  )`,
  `create index post_metrics_by_post on post_metrics (post_id, at)`,
];
