import { sql, type Kysely } from 'kysely';
import { LEDGER } from './0006-social-ledger.ts';
import { LISTS } from './0006-social-lists.ts';

/** The social app's backend: people, videos, wallets, purchases, payouts, messages. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...PEOPLE, ...VIDEOS, ...LEDGER, ...MESSAGES, ...LISTS]) await sql.raw(statement).execute(db);
}

const PEOPLE = [
  `create extension if not exists pg_trgm`,
  // One installation serves one app; which workspace it belongs to is said once.
  `create table social_app (
    id smallint primary key default 1 check (id = 1),
    workspace_id uuid not null unique references workspaces (id) on delete cascade,
    created_at timestamptz not null default now()
  )`,
  // A user of the app is a user of ours, so that one token opens chat, streams and the verbs; the e-mail of sign-in with a password is not theirs.
  `create table app_users (
    id uuid primary key references users (id) on delete cascade,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    username text not null check (username ~ '^[a-z0-9._]{2,30}$'),
    first_name text not null default '',
    last_name text not null default '',
    email text,
    bio text not null default '',
    gender text not null default '',
    website text not null default '',
    profile_pic text not null default '',
    social text not null check (social in ('google', 'facebook', 'apple')),
    social_id text not null,
    is_private boolean not null default false,
    is_verified boolean not null default false,
    -- Kept in the transactions that write follows, videos and likes.
    followers integer not null default 0 check (followers >= 0),
    following integer not null default 0 check (following >= 0),
    videos integer not null default 0 check (videos >= 0),
    likes integer not null default 0 check (likes >= 0),
    push jsonb not null default '{}',
    privacy jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Asked for; what is personal is emptied by the workflow.
    deleted_at timestamptz,
    -- By a moderator, with what the user is told; null: not, or not any more.
    suspended_at timestamptz,
    suspension_reason text,
    check ((suspended_at is null) = (suspension_reason is null))
  )`,
  `create unique index app_users_name on app_users (workspace_id, username) where deleted_at is null`,
  `create unique index app_users_social on app_users (workspace_id, social, social_id) where deleted_at is null`,
  `create index app_users_search on app_users using gin ((username || ' ' || first_name || ' ' || last_name) gin_trgm_ops) where deleted_at is null`,
  `create index app_users_suspended on app_users (workspace_id, suspended_at desc, id desc) where suspended_at is not null and deleted_at is null`,
  `create table follows (
    follower_id uuid not null references app_users (id) on delete cascade,
    followee_id uuid not null references app_users (id) on delete cascade,
    -- requested: a private account has not let them in yet.
    state text not null check (state in ('accepted', 'requested')),
    created_at timestamptz not null default now(),
    primary key (follower_id, followee_id),
    check (follower_id <> followee_id)
  )`,
  `create index follows_of_followee on follows (followee_id, created_at desc)`,
  `create table blocks (
    user_id uuid not null references app_users (id) on delete cascade,
    blocked_id uuid not null references app_users (id) on delete cascade,
    created_at timestamptz not null default now(),
    primary key (user_id, blocked_id),
    check (user_id <> blocked_id)
  )`,
  `create index blocks_of_blocked on blocks (blocked_id)`,
  `create table app_reports (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    reporter_id uuid not null references app_users (id) on delete cascade,
    subject_kind text not null check (subject_kind in ('user', 'video')),
    subject_id uuid not null,
    reason text not null,
    description text not null default '',
    state text not null default 'open' check (state in ('open', 'dismissed', 'upheld')),
    -- What followed from it.
    measure text not null default 'none' check (measure = 'none' or (state = 'upheld' and measure in ('remove_video', 'suspend_user'))),
    decided_by uuid references users (id) on delete set null,
    decided_at timestamptz,
    created_at timestamptz not null default now()
  )`,
  `create unique index app_reports_once on app_reports (reporter_id, subject_kind, subject_id) where state = 'open'`,
  `create index app_reports_list on app_reports (workspace_id, id desc)`,
  `create table app_exports (
    id uuid primary key,
    user_id uuid not null references app_users (id) on delete cascade,
    state text not null check (state in ('pending', 'ready', 'failed')),
    status_code text,
    storage_key text,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    expires_at timestamptz
  )`,
  `create unique index app_exports_one on app_exports (user_id) where state = 'pending'`,
  `create index app_exports_expiry on app_exports (expires_at) where storage_key is not null`,
  // The record of a deletion: what was removed, and when; nothing of whom.
  `create table account_deletions (
    user_id uuid primary key references app_users (id) on delete cascade,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    asked_at timestamptz not null default now(),
    finished_at timestamptz,
    follows integer not null default 0,
    devices integer not null default 0,
    videos integer not null default 0,
    recordings integer not null default 0,
    likes integer not null default 0,
    comments integer not null default 0,
    messages integer not null default 0,
    coins_forfeited bigint not null default 0
  )`,
  `create index account_deletions_open on account_deletions (asked_at) where finished_at is null`,
];

const VIDEOS = [
  `create table sounds (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    name text not null,
    created_by uuid references app_users (id) on delete set null,
    -- The video that it was first heard in; null: a catalogue's.
    video_id uuid,
    audio_key text,
    duration_ms integer not null default 0,
    videos integer not null default 0 check (videos >= 0),
    created_at timestamptz not null default now(),
    deleted_at timestamptz
  )`,
  `create index sounds_to_remove on sounds (deleted_at) where deleted_at is not null and audio_key is not null`,
  `create index sounds_list on sounds (workspace_id, videos desc, id desc) where deleted_at is null`,
  `create index sounds_search on sounds using gin (name gin_trgm_ops) where deleted_at is null`,
  `create table videos (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    user_id uuid not null references app_users (id) on delete cascade,
    description text not null default '',
    status text not null check (status in ('processing', 'ready', 'failed')),
    status_code text,
    status_reason text,
    ffmpeg_failures integer not null default 0,
    privacy text not null check (privacy in ('public', 'friends', 'private')),
    allow_comments boolean not null default true,
    allow_duet boolean not null default true,
    sound_id uuid references sounds (id) on delete set null,
    source_key text,
    playlist_key text,
    thumbnail_key text,
    duration_ms integer,
    width integer,
    height integer,
    size_bytes bigint not null default 0,
    views bigint not null default 0 check (views >= 0),
    likes integer not null default 0 check (likes >= 0),
    comments integer not null default 0 check (comments >= 0),
    shares integer not null default 0 check (shares >= 0),
    watch_ms bigint not null default 0 check (watch_ms >= 0),
    created_at timestamptz not null default now(),
    -- When it could first be seen: the feed goes by it.
    published_at timestamptz,
    deleted_at timestamptz,
    search tsvector generated always as (to_tsvector('simple', lower(description))) stored
  )`,
  `create index videos_of_user on videos (user_id, id desc) where deleted_at is null`,
  `create index videos_fresh on videos (workspace_id, published_at desc, id desc) where deleted_at is null and status = 'ready' and privacy = 'public'`,
  // What the sweep looks after: unfinished ones, and files of deleted ones.
  `create index videos_unfinished on videos (created_at) where deleted_at is null and status = 'processing'`,
  `create index videos_to_remove on videos (deleted_at) where deleted_at is not null and (source_key is not null or playlist_key is not null)`,
  `create index videos_of_sound on videos (sound_id, id desc) where deleted_at is null and status = 'ready' and privacy = 'public'`,
  `create index videos_search on videos using gin (search) where deleted_at is null and status = 'ready' and privacy = 'public'`,
  `create index videos_trigram on videos using gin (description gin_trgm_ops) where deleted_at is null and status = 'ready' and privacy = 'public'`,
  `create table hashtags (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    -- Lower case, without #.
    name text not null,
    videos integer not null default 0 check (videos >= 0),
    created_at timestamptz not null default now(),
    unique (workspace_id, name)
  )`,
  `create index hashtags_search on hashtags using gin (name gin_trgm_ops)`,
  `create table video_hashtags (
    video_id uuid not null references videos (id) on delete cascade,
    hashtag_id uuid not null references hashtags (id) on delete cascade,
    primary key (hashtag_id, video_id)
  )`,
  `create index video_hashtags_of_video on video_hashtags (video_id)`,
  `create table video_likes (
    user_id uuid not null references app_users (id) on delete cascade,
    video_id uuid not null references videos (id) on delete cascade,
    created_at timestamptz not null default now(),
    primary key (video_id, user_id)
  )`,
  `create index video_likes_of_user on video_likes (user_id, created_at desc, video_id desc)`,
  `create table video_comments (
    id uuid primary key,
    video_id uuid not null references videos (id) on delete cascade,
    user_id uuid not null references app_users (id) on delete cascade,
    -- Answers are one level deep.
    parent_id uuid references video_comments (id) on delete cascade,
    comment text not null,
    likes integer not null default 0 check (likes >= 0),
    created_at timestamptz not null default now(),
    deleted_at timestamptz
  )`,
  `create index video_comments_list on video_comments (video_id, id desc) where deleted_at is null and parent_id is null`,
  `create index video_comments_answers on video_comments (parent_id, id) where deleted_at is null and parent_id is not null`,
  `create index video_comments_of_user on video_comments (user_id)`,
  // For the foreign key, which asks for answers and deleted ones too.
  `create index video_comments_of_video on video_comments (video_id)`,
  `create table comment_likes (
    user_id uuid not null references app_users (id) on delete cascade,
    comment_id uuid not null references video_comments (id) on delete cascade,
    created_at timestamptz not null default now(),
    primary key (comment_id, user_id)
  )`,
  `create index comment_likes_of_user on comment_likes (user_id)`,
  // One for each time that somebody watched, by an id of the app: told twice, it counts once.
  `create table video_views (
    video_id uuid not null references videos (id) on delete cascade,
    view_id text not null,
    user_id uuid references app_users (id) on delete set null,
    watch_ms integer not null check (watch_ms >= 0),
    -- What was told of it before; null: this was the first time. By it a repeat adds the difference alone.
    told_before_ms integer,
    created_at timestamptz not null default now(),
    primary key (video_id, view_id)
  )`,
  `create index video_views_of_user on video_views (user_id, video_id)`,
  `create table video_days (
    video_id uuid not null references videos (id) on delete cascade,
    day date not null,
    views bigint not null default 0,
    watch_ms bigint not null default 0,
    likes integer not null default 0,
    comments integer not null default 0,
    shares integer not null default 0,
    primary key (video_id, day)
  )`,
];

const MESSAGES = [
  `create table app_devices (
    id uuid primary key,
    user_id uuid not null references app_users (id) on delete cascade,
    platform text not null check (platform in ('android', 'ios')),
    device_token text not null,
    app_version text not null default '',
    created_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    -- FCM said that it is no device's any more.
    gone_at timestamptz
  )`,
  // A phone changes hands with its token.
  `create unique index app_devices_token on app_devices (device_token)`,
  `create index app_devices_of_user on app_devices (user_id) where gone_at is null`,
  `create table app_notifications (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    user_id uuid not null references app_users (id) on delete cascade,
    sender_id uuid references app_users (id) on delete cascade,
    kind text not null check (kind in ('like', 'comment', 'comment_like', 'mention', 'follow', 'follow_request', 'gift', 'message', 'live', 'video', 'purchase', 'payout', 'system')),
    text text not null,
    -- What it is about; which, by the kind.
    video_id uuid references videos (id) on delete cascade,
    subject_id uuid,
    -- The same cause tells once.
    dedupe_key text,
    read_at timestamptz,
    created_at timestamptz not null default now(),
    -- not_needed: no device, or they want none of this kind.
    push_state text not null default 'pending' check (push_state in ('pending', 'sent', 'not_needed', 'failed')),
    push_reason text,
    push_at timestamptz,
    push_attempts integer not null default 0,
    -- When it is tried; while somebody tries it, when another may.
    push_next_at timestamptz not null default now(),
    -- Devices whose service has taken it.
    pushed_to uuid[] not null default '{}'
  )`,
  `create index app_notifications_list on app_notifications (user_id, id desc)`,
  `create index app_notifications_of_sender on app_notifications (sender_id) where sender_id is not null`,
  `create index app_notifications_of_video on app_notifications (video_id) where video_id is not null`,
  `create index app_notifications_unread on app_notifications (user_id) where read_at is null`,
  `create index app_notifications_to_push on app_notifications (push_next_at) where push_state = 'pending'`,
  // For retention: they come in the order of their time, and a B-tree more would cost at every insert.
  `create index app_notifications_age on app_notifications using brin (created_at)`,
  `create unique index app_notifications_once on app_notifications (user_id, dedupe_key) where dedupe_key is not null`,
  `create table conversations (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    -- The smaller id first: two people have one.
    low_id uuid not null references app_users (id) on delete cascade,
    high_id uuid not null references app_users (id) on delete cascade,
    last_position bigint not null default 0,
    low_read bigint not null default 0,
    high_read bigint not null default 0,
    last_message_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    unique (low_id, high_id),
    check (low_id < high_id)
  )`,
  `create index conversations_of_low on conversations (low_id, last_message_at desc)`,
  `create index conversations_of_high on conversations (high_id, last_message_at desc)`,
  `create table direct_messages (
    id uuid primary key,
    conversation_id uuid not null references conversations (id) on delete cascade,
    position bigint not null,
    sender_id uuid not null references app_users (id) on delete cascade,
    -- Of the app: sent twice, stored once.
    request_id text not null,
    message text not null,
    created_at timestamptz not null default now(),
    deleted_at timestamptz,
    unique (conversation_id, position),
    unique (sender_id, request_id)
  )`,
  // Whoever deletes or suspends an account: the API processes hear of it with the commit, and cut what the user has open.
  `create function tell_app_user_gone() returns trigger language plpgsql as $$
    begin
      perform pg_notify('showrunner_app', 'gone ' || new.id);
      return null;
    end $$`,
  `create trigger app_users_gone after update of deleted_at, suspended_at on app_users for each row
    when ((old.deleted_at is null and new.deleted_at is not null) or (old.suspended_at is null and new.suspended_at is not null)) execute function tell_app_user_gone()`,
];
