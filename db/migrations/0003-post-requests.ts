import { sql, type Kysely } from 'kysely';

/** What was asked for under an Idempotency-Key: the same key never makes a second post. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create table post_requests (
        workspace_id uuid not null references workspaces (id) on delete cascade,
        idempotency_key text not null,
        -- SHA-256 of what was asked, the file's own included: the same key with something else is refused.
        fingerprint text not null,
        group_id uuid not null,
        created_at timestamptz not null default now(),
        primary key (workspace_id, idempotency_key)
      )`,
    )
    .execute(db);
  await sql.raw(`create index post_requests_age on post_requests (created_at)`).execute(db);
}
