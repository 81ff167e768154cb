/** What the feed, lists and search of the social app need beside the rows themselves. */
export const LISTS = [
  // How far a video has come, in half doublings. A like moves it rarely, so that counting stays a heap-only update: no index is written. As in domain/social/ranking.ts.
  `alter table videos add column engagement smallint not null generated always as
    (floor(2 * ln(1 + views::float8 + 10 * likes::float8 + 20 * comments::float8 + 30 * shares::float8) / ln(2::float8))::smallint) stored`,
  // Room in each page for the versions that counting makes.
  `alter table videos set (fillfactor = 85)`,
  `create index videos_engaging on videos (workspace_id, ((published_at at time zone 'UTC')::date), engagement desc, id desc)
    where deleted_at is null and status = 'ready' and privacy = 'public'`,
  `create index videos_of_author on videos (user_id, published_at desc, id desc) where deleted_at is null and status = 'ready' and privacy <> 'private'`,
  // Words that begin with what was typed, of any script and length: trigrams need three letters.
  `create index app_users_words on app_users using gin (to_tsvector('simple', lower(username || ' ' || first_name || ' ' || last_name))) where deleted_at is null`,
  `create index app_users_prefix on app_users (workspace_id, username text_pattern_ops) where deleted_at is null`,
  // One letter is the beginning of very many names: those whom most follow come first, without reading all of them.
  `create index app_users_followed on app_users (workspace_id, followers desc, id desc) where deleted_at is null and suspended_at is null`,
  `create index sounds_words on sounds using gin (to_tsvector('simple', lower(name))) where deleted_at is null`,
  `create index hashtags_prefix on hashtags (workspace_id, name text_pattern_ops)`,
  `create index hashtags_list on hashtags (workspace_id, videos desc, id desc)`,
  // A ranked list as its first page found it, so that the next pages go on in it. Unlogged: after a crash it is ranked anew.
  `create unlogged table ranked_lists (
    -- SHA-256 of who reads and what: one has one of a kind.
    key text primary key,
    id uuid not null,
    ids uuid[] not null,
    expires_at timestamptz not null
  )`,
  `create index ranked_lists_expiry on ranked_lists (expires_at)`,
  // Where each page begins for apps that only send the page's number.
  `create unlogged table list_places (
    key text not null,
    page integer not null,
    -- A cursor; null: the list ended before.
    place text,
    expires_at timestamptz not null,
    primary key (key, page)
  )`,
  `create index list_places_expiry on list_places (expires_at)`,
];
