import { sql, type Kysely } from 'kysely';

/** Streams that we host: their encoders' sessions, recordings, videos, chat, and what other media servers told of them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create table media_hosts (
    id text primary key,
    -- Where browsers and encoders reach it.
    public_url text not null,
    rtmp_url text,
    task_queue text not null,
    -- What it can do: whip, rtmp, hls, recording.
    features text[] not null,
    sessions integer not null default 0,
    viewers integer not null default 0,
    started_at timestamptz not null default now(),
    seen_at timestamptz not null default now()
  )`,
  `create table streams (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    title text not null,
    description text,
    -- A picture of the creator's; the one that is taken from the video lies in storage.
    thumbnail text,
    thumbnail_taken_at timestamptz,
    status text not null check (status in ('waiting', 'live', 'reconnecting', 'ending', 'ended')),
    status_code text,
    status_reason text,
    visibility text not null check (visibility in ('public', 'private')),
    featured boolean not null default false,
    record boolean not null,
    latency text not null check (latency in ('low', 'normal')),
    scheduled_for timestamptz,
    start_time timestamptz,
    end_time timestamptz,
    viewer_count integer not null default 0,
    peak_viewers integer not null default 0,
    -- SHA-256 of the key, hex: 160 random bits need no salt.
    stream_key_hash text not null unique,
    stream_key_hint text not null,
    key_version integer not null default 1,
    -- Each session takes the next: what an older one says late is refused.
    session_epoch integer not null default 0,
    media_host_id text references media_hosts (id) on delete set null,
    -- Last sequence that a segment took.
    last_segment integer not null default 0,
    last_run integer not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Videos and chat outlive the stream.
    deleted_at timestamptz
  )`,
  `create index streams_list on streams (workspace_id, id desc) where deleted_at is null`,
  `create index streams_by_status on streams (workspace_id, status, id desc) where deleted_at is null`,
  `create table stream_sessions (
    id uuid primary key,
    stream_id uuid not null references streams (id) on delete cascade,
    epoch integer not null,
    kind text not null check (kind in ('whip', 'rtmp', 'rtmp_pull', 'stage')),
    host_id text not null,
    -- null: a signed-in owner, without a key.
    key_version integer,
    remote_address text,
    user_agent text,
    request_id text,
    started_at timestamptz not null default now(),
    last_media_at timestamptz not null default now(),
    ended_at timestamptz,
    end_reason text,
    end_detail text,
    unique (stream_id, epoch)
  )`,
  // Two encoders with one key: one of them publishes.
  `create unique index stream_sessions_one on stream_sessions (stream_id) where ended_at is null`,
  `create index stream_sessions_by_host on stream_sessions (host_id) where ended_at is null`,
  `create table stream_viewer_samples (
    stream_id uuid not null references streams (id) on delete cascade,
    at timestamptz not null,
    viewers integer not null,
    primary key (stream_id, at)
  )`,
  // Viewers of each host; the stream's row holds their sum.
  `create table stream_host_viewers (
    stream_id uuid not null references streams (id) on delete cascade,
    host_id text not null,
    viewers integer not null,
    seen_at timestamptz not null default now(),
    primary key (stream_id, host_id)
  )`,
  `create table stream_events (
    -- What makes an event the same when it comes again.
    id text primary key,
    event text not null check (event in ('on_publish', 'on_done', 'on_play', 'other')),
    stream_id uuid references streams (id) on delete set null,
    media_server text,
    client_id text,
    remote_address text,
    -- Without the key.
    body jsonb not null,
    outcome text not null,
    times_received integer not null default 1,
    received_at timestamptz not null default now()
  )`,
  `create index stream_events_list on stream_events (stream_id, received_at desc)`,

  `create table recording_runs (
    id uuid primary key,
    stream_id uuid not null references streams (id) on delete cascade,
    session_id uuid not null references stream_sessions (id) on delete cascade,
    host_id text not null,
    number integer not null,
    started_at timestamptz not null,
    codecs text,
    width integer,
    height integer,
    init_state text not null check (init_state in ('open', 'closed', 'stored', 'lost')),
    init_sha256 text,
    ended_at timestamptz,
    end_reason text,
    unique (stream_id, number)
  )`,
  `create table recording_segments (
    stream_id uuid not null references streams (id) on delete cascade,
    sequence integer not null,
    run_id uuid not null references recording_runs (id) on delete cascade,
    state text not null check (state in ('open', 'closed', 'stored', 'lost')),
    started_at timestamptz not null,
    duration_ms integer not null default 0,
    size_bytes bigint not null default 0,
    sha256 text,
    reason text,
    updated_at timestamptz not null default now(),
    primary key (stream_id, sequence),
    check (state not in ('closed', 'stored') or sha256 is not null)
  )`,
  `create index recording_segments_unsettled on recording_segments (run_id) where state in ('open', 'closed')`,
  `create table vods (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    user_id uuid references users (id) on delete set null,
    stream_id uuid references streams (id) on delete set null,
    title text not null,
    description text,
    visibility text not null check (visibility in ('public', 'private')),
    source text not null check (source in ('recording', 'upload', 'fetch')),
    -- For fetch: what was asked for.
    source_url text,
    status text not null check (status in ('receiving', 'processing', 'ready', 'incomplete', 'failed')),
    status_code text,
    status_reason text,
    ffmpeg_failures integer not null default 0,
    storage_key text,
    poster_key text,
    content_type text,
    size_bytes bigint,
    sha256 text,
    duration_ms integer,
    width integer,
    height integer,
    probe jsonb,
    -- VodStretch[] and VodGap[].
    stretches jsonb not null default '[]',
    gaps jsonb not null default '[]',
    segments_total integer not null default 0,
    segments_lost integer not null default 0,
    recorded_from timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (status not in ('ready', 'incomplete') or storage_key is not null)
  )`,
  `create unique index vods_one_recording on vods (stream_id) where source = 'recording'`,
  `create index vods_list on vods (workspace_id, id desc)`,
  `create index vods_by_stream on vods (stream_id, id desc)`,
  `create table vod_clips (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    vod_id uuid not null references vods (id) on delete cascade,
    start_ms integer not null,
    end_ms integer not null check (end_ms > start_ms),
    -- 9:16, from this share of the width that is left over: 0 left, 1 right. null: the whole picture.
    crop_x real check (crop_x between 0 and 1),
    -- The posts that are made of it: what POST /api/posts takes.
    request jsonb not null,
    state text not null check (state in ('making', 'published', 'failed')),
    state_code text,
    state_reason text,
    -- A file of the workspace, as POST /api/media makes.
    media_id uuid,
    group_id uuid,
    created_by uuid not null references users (id) on delete cascade,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (state <> 'published' or group_id is not null)
  )`,
  `create index vod_clips_list on vod_clips (vod_id, id desc)`,
  `create index vod_clips_open on vod_clips (created_at) where state = 'making'`,

  `create table chat_rooms (
    stream_id uuid primary key references streams (id) on delete cascade,
    last_position bigint not null default 0,
    slow_mode_s integer not null default 0 check (slow_mode_s between 0 and 3600),
    links_allowed boolean not null default true,
    blocked_words text[] not null default '{}',
    updated_at timestamptz not null default now()
  )`,
  `create table chat_messages (
    id uuid primary key,
    stream_id uuid not null references streams (id) on delete cascade,
    position bigint not null,
    user_id uuid not null references users (id) on delete cascade,
    user_name text not null,
    message text not null check (char_length(message) <= 500),
    reply_to uuid,
    -- What its sender calls it: sent again, it is the same message.
    client_id text check (char_length(client_id) <= 64),
    sent_at timestamptz not null default now(),
    deleted_at timestamptz,
    deleted_by uuid references users (id) on delete set null,
    unique (stream_id, position)
  )`,
  `create index chat_messages_by_time on chat_messages (stream_id, sent_at)`,
  `create index chat_messages_by_user on chat_messages (stream_id, user_id, sent_at)`,
  `create unique index chat_messages_by_client_id on chat_messages (stream_id, user_id, client_id) where client_id is not null`,
  `create index chat_messages_deleted on chat_messages (stream_id, deleted_at) where deleted_at is not null`,
  `create table chat_moderators (
    workspace_id uuid not null references workspaces (id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    added_by uuid references users (id) on delete set null,
    created_at timestamptz not null default now(),
    primary key (workspace_id, user_id)
  )`,
  `create table chat_restrictions (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    -- null: all streams of the workspace.
    stream_id uuid references streams (id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    kind text not null check (kind in ('mute', 'ban')),
    reason text,
    until timestamptz,
    created_by uuid references users (id) on delete set null,
    created_at timestamptz not null default now(),
    lifted_at timestamptz,
    lifted_by uuid references users (id) on delete set null,
    -- When its workflow was started; null: the sweep starts it.
    timer_started_at timestamptz
  )`,
  `create index chat_restrictions_to_lift on chat_restrictions (until) where lifted_at is null and until is not null`,
  `create unique index chat_restrictions_one on chat_restrictions
     (workspace_id, coalesce(stream_id, '00000000-0000-0000-0000-000000000000'::uuid), user_id, kind) where lifted_at is null`,

  // Whoever writes these rows, from whichever process: caches are emptied and pages told in the moment of the commit.
  `create function showrunner_notify_row() returns trigger language plpgsql as $$
   begin
     perform pg_notify(tg_argv[0], concat(coalesce(new.id, old.id), ' ', coalesce(new.workspace_id, old.workspace_id)));
     return null;
   end $$`,
  `create trigger streams_changed after insert or delete on streams for each row execute function showrunner_notify_row('showrunner_streams')`,
  // Not for what changes each second: session_epoch, last_segment.
  `create trigger streams_edited after update of title, description, thumbnail, thumbnail_taken_at, status, status_reason, visibility, featured, latency, record,
     scheduled_for, start_time, end_time, viewer_count, peak_viewers, media_host_id, deleted_at on streams
     for each row when (old.* is distinct from new.*) execute function showrunner_notify_row('showrunner_streams')`,
  `create trigger vods_changed after insert or update or delete on vods for each row execute function showrunner_notify_row('showrunner_vods')`,
  // A stream's view names its recording.
  `create function showrunner_notify_recorded() returns trigger language plpgsql as $$
   begin
     perform pg_notify('showrunner_streams', concat(coalesce(new.stream_id, old.stream_id), ' ', coalesce(new.workspace_id, old.workspace_id)));
     return null;
   end $$`,
  `create trigger recording_made after insert on vods for each row when (new.source = 'recording' and new.stream_id is not null) execute function showrunner_notify_recorded()`,
  `create trigger recording_deleted after delete on vods for each row when (old.source = 'recording' and old.stream_id is not null) execute function showrunner_notify_recorded()`,
];
