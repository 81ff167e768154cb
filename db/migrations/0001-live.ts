import { sql, type Kysely } from 'kysely';

/** Accounts, livestreams, events, rules, executions, devices, notifications and the sign budget. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const ACTIVE = `status in ('connecting', 'waiting', 'live', 'reconnecting')`;

const STATEMENTS = [
  `create table users (
    id uuid primary key,
    email text not null unique check (email = lower(email)),
    full_name text not null,
    password_hash text not null,
    created_at timestamptz not null default now()
  )`,
  `create table workspaces (
    id uuid primary key,
    name text not null,
    description text,
    plan_tier text not null check (plan_tier in ('free', 'pro', 'enterprise')),
    is_personal boolean not null default false,
    webhook_secret text not null,
    created_by uuid not null references users (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  `create table workspace_members (
    workspace_id uuid not null references workspaces (id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    role text not null check (role in ('owner', 'admin', 'member', 'social_marketing', 'sales', 'warehouse')),
    created_at timestamptz not null default now(),
    primary key (workspace_id, user_id)
  )`,
  `create index workspace_members_user on workspace_members (user_id, created_at)`,

  `create table livestreams (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    tiktok_input text not null,
    tiktok_username text,
    room_id text,
    title text,
    status text not null check (status in ('connecting', 'waiting', 'live', 'reconnecting', 'ended', 'disconnected', 'failed')),
    status_code text,
    status_reason text,
    wait_for_live boolean not null,
    session_cookie text,
    total_comments bigint not null default 0,
    total_gifts bigint not null default 0,
    total_likes bigint not null default 0,
    total_joins bigint not null default 0,
    total_follows bigint not null default 0,
    total_shares bigint not null default 0,
    total_events bigint not null default 0,
    viewer_count integer not null default 0,
    consumer_epoch bigint not null default 0,
    consumer_owner text,
    last_position bigint not null default 0,
    cursor text,
    connected_at timestamptz,
    ended_at timestamptz,
    last_event_at timestamptz,
    created_by uuid references users (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  ) with (fillfactor = 50)`,
  `create unique index livestreams_one_by_username on livestreams (workspace_id, tiktok_username) where ${ACTIVE}`,
  `create unique index livestreams_one_by_room on livestreams (workspace_id, room_id) where ${ACTIVE}`,
  `create index livestreams_list on livestreams (workspace_id, id desc)`,
  `create index livestreams_owner on livestreams (consumer_owner) where consumer_owner is not null`,

  `create table livestream_connections (
    id uuid primary key,
    livestream_id uuid not null references livestreams (id) on delete cascade,
    connected_at timestamptz not null,
    disconnected_at timestamptz,
    reason text,
    totals_at_start jsonb not null default '{}',
    totals_at_end jsonb not null default '{}',
    decode_failures bigint not null default 0,
    dropped_events bigint not null default 0
  )`,
  `create index livestream_connections_list on livestream_connections (livestream_id, connected_at)`,

  `create table events (
    id uuid not null,
    livestream_id uuid not null references livestreams (id) on delete cascade,
    position bigint not null,
    type text not null,
    msg_id text not null,
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    is_history boolean not null,
    user_id text,
    data jsonb not null,
    primary key (livestream_id, position)
  )`,
  `create unique index events_id on events (id)`,
  `create unique index events_msg on events (livestream_id, msg_id)`,
  // The rare types only: lists and reports of them must not walk a million likes, and the common ones pay nothing.
  `create index events_rare on events (livestream_id, type, position)
    where type in ('gift', 'follow', 'share', 'connect', 'disconnect', 'live_end')`,

  `create table gift_streaks (
    livestream_id uuid not null references livestreams (id) on delete cascade,
    streak_id text not null,
    counted integer not null,
    is_open boolean not null,
    last_frame jsonb not null,
    last_at timestamptz not null,
    primary key (livestream_id, streak_id)
  )`,

  `create table rules (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    name text not null,
    description text,
    event_type text not null,
    livestream_id uuid references livestreams (id) on delete cascade,
    logic_operator text not null check (logic_operator in ('AND', 'OR')),
    conditions jsonb not null,
    actions jsonb not null,
    cooldown_ms bigint not null check (cooldown_ms >= 0),
    user_cooldown_ms bigint not null check (user_cooldown_ms >= 0),
    max_age_ms bigint check (max_age_ms > 0),
    fire_on text not null check (fire_on in ('streak_end', 'every_update')),
    is_active boolean not null default false,
    activated_at timestamptz,
    version integer not null default 1,
    created_by uuid references users (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint rules_deleted_is_inactive check (deleted_at is null or not is_active)
  )`,
  `create index rules_list on rules (workspace_id, id desc) where deleted_at is null`,
  `create index rules_active on rules (workspace_id, activated_at) where is_active`,
  `create table rule_versions (
    rule_id uuid not null references rules (id) on delete cascade,
    version integer not null,
    definition jsonb not null,
    is_active boolean not null,
    valid_from timestamptz not null default now(),
    primary key (rule_id, version)
  )`,
  `create table rule_cooldowns (
    rule_id uuid not null references rules (id) on delete cascade,
    user_key text not null,
    until timestamptz not null,
    primary key (rule_id, user_key)
  )`,

  `create table executions (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    rule_id uuid not null references rules (id) on delete cascade,
    rule_version integer not null,
    livestream_id uuid references livestreams (id) on delete cascade,
    event_id uuid,
    is_test boolean not null default false,
    status text not null check (status in ('pending', 'succeeded', 'failed', 'skipped')),
    reason text,
    detail text,
    missing_fields text[],
    created_at timestamptz not null,
    finished_at timestamptz,
    duration_ms integer
  )`,
  `create unique index executions_once on executions (event_id, rule_id) where not is_test`,
  `create index executions_list on executions (workspace_id, id desc)`,
  `create index executions_rule on executions (rule_id, id desc)`,

  `create table execution_actions (
    id uuid primary key,
    execution_id uuid not null references executions (id) on delete cascade,
    workspace_id uuid not null,
    livestream_id uuid,
    event_id uuid,
    rule_id uuid,
    "order" integer not null,
    action_type text not null,
    target text not null,
    action jsonb not null,
    status text not null check (status in ('pending', 'retrying', 'succeeded', 'failed', 'skipped')),
    error_code text,
    error text,
    attempts integer not null default 0,
    expires_at timestamptz,
    response jsonb,
    created_at timestamptz not null,
    finished_at timestamptz,
    latency_ms integer
  )`,
  `create index execution_actions_execution on execution_actions (execution_id)`,
  `create index execution_actions_pending on execution_actions (livestream_id, id) where status = 'pending'`,
  `create index execution_actions_retrying on execution_actions (target, id) where status = 'retrying'`,
  `create table action_attempts (
    action_id uuid not null references execution_actions (id) on delete cascade,
    attempt integer not null,
    started_at timestamptz not null,
    duration_ms integer not null,
    outcome text not null,
    code text,
    error text,
    response_status integer,
    primary key (action_id, attempt)
  )`,

  `create table devices (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    name text not null,
    kind text not null check (kind in ('mqtt', 'http')),
    config jsonb not null,
    is_online boolean,
    last_seen_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  `create index devices_list on devices (workspace_id, id desc)`,
  `create table device_restores (
    device_id uuid primary key references devices (id) on delete cascade,
    workspace_id uuid not null,
    command text not null,
    due_at timestamptz not null,
    generation bigint not null default 1,
    handed_over_at timestamptz,
    action_id uuid
  )`,
  `create index device_restores_waiting on device_restores (due_at) where handed_over_at is null`,

  `create table notifications (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    action_id uuid unique,
    message text not null,
    created_at timestamptz not null default now()
  )`,
  `create index notifications_list on notifications (workspace_id, id desc)`,
  `create table notification_reads (
    notification_id uuid not null references notifications (id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    read_at timestamptz not null default now(),
    primary key (notification_id, user_id)
  )`,

  `create table workspace_feed (
    workspace_id uuid not null,
    seq bigint not null,
    kind text not null,
    livestream_id uuid,
    first_position bigint,
    last_position bigint,
    notification_id uuid,
    created_at timestamptz not null default now(),
    primary key (workspace_id, seq)
  )`,
  `create table workspace_feed_heads (
    workspace_id uuid primary key references workspaces (id) on delete cascade,
    seq bigint not null default 0
  ) with (fillfactor = 50)`,

  `create table sign_budget (
    id integer primary key check (id = 1),
    limit_per_window integer,
    remaining integer,
    reset_at timestamptz,
    blocked_until timestamptz,
    updated_at timestamptz not null default now()
  )`,
  `insert into sign_budget (id) values (1)`,
  `create table sign_tickets (
    id bigint generated always as identity primary key,
    livestream_id uuid not null unique,
    created_at timestamptz not null default now(),
    seen_at timestamptz not null default now()
  )`,

  // Unlogged: after a crash of the server the counters start at zero, which costs nobody anything.
  `create unlogged table rate_counters (
    key text primary key,
    count integer not null,
    resets_at timestamptz not null
  )`,
  `create index rate_counters_expired on rate_counters (resets_at)`,
];
