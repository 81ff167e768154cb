import type pg from 'pg';

/** A message on its way into the table. */
export interface MessageDraft {
  id: string;
  stream_id: string;
  user_id: string;
  user_name: string;
  message: string;
  reply_to: string | null;
  /** What its sender calls it, so that it is stored once. */
  client_id: string | null;
  /** Slow mode does not hold for moderators. */
  moderator: boolean;
}

export interface StoredMessage {
  id: string;
  position: number;
  sent_at: Date;
  message: string;
  user_name: string;
  reply_to: string | null;
  deleted: boolean;
}

/** repeated: its sender sent it before, and it was stored then. */
export type StoreOutcome =
  | ({ kind: 'stored' } & StoredMessage)
  | ({ kind: 'repeated' } & StoredMessage)
  | { kind: 'muted' | 'banned' | 'gone' | 'no_reply' }
  | { kind: 'slow'; retry_after_ms: number };

interface OutcomeRow {
  refusal: 'muted' | 'banned' | 'gone' | 'no_reply' | 'slow' | null;
  wait_ms: number | null;
  repeated: boolean;
  id: string | null;
  position: number | null;
  sent_at: Date | null;
  message: string;
  user_name: string;
  reply_to: string | null;
  deleted: boolean;
}

/** A statement that hangs must not hold up every chat of the process, milliseconds. */
const STATEMENT_MS = 5_000;

/**
 * Stores messages of any streams in one statement, each with the next position of its stream: the row of the room is locked
 * until the commit, so positions are without gaps and in the order of commits, whichever process stores. What memory may know
 * too late is looked at again here: restrictions, blocks, slow mode, a message that was sent before.
 * @returns what became of each draft, in their order
 */
export async function storeMessages(db: Pick<pg.Pool, 'query'>, drafts: readonly MessageDraft[]): Promise<StoreOutcome[]> {
  const config = { name: 'store-chat-messages', text: STORE, values: valuesOf(drafts), query_timeout: STATEMENT_MS };
  const { rows } = await db.query<OutcomeRow>(config);
  return rows.map(outcomeOf);
}

const valuesOf = (drafts: readonly MessageDraft[]): unknown[] => [
  drafts.map(({ id }) => id),
  drafts.map(({ stream_id }) => stream_id),
  drafts.map(({ user_id }) => user_id),
  drafts.map(({ user_name }) => user_name),
  drafts.map(({ message }) => message),
  drafts.map(({ reply_to }) => reply_to),
  drafts.map(({ client_id }) => client_id),
  drafts.map(({ moderator }) => moderator),
];

function outcomeOf({ refusal, wait_ms, repeated, id, position, sent_at, ...said }: OutcomeRow): StoreOutcome {
  if (refusal === 'slow') return { kind: 'slow', retry_after_ms: Math.max(1, wait_ms ?? 1) };
  if (refusal !== null) return { kind: refusal };
  if (id === null || position === null || sent_at === null) throw new Error('a message was neither stored nor refused');
  return { kind: repeated ? 'repeated' : 'stored', id, position, sent_at, ...said };
}

// A message that another process stored under the same client_id since this statement's snapshot breaks the unique index:
// the statement is then run again, and finds it.
const STORE = `
with given as materialized (
  select g.*, old.id as old_id, old.position as old_position, old.sent_at as old_sent_at, old.message as old_message, old.user_name as old_user_name, old.reply_to as old_reply_to,
    old.deleted_at is not null as old_deleted, slow.wait_ms,
    case
      when old.id is not null then null
      when s.id is null or u.id is null then 'gone'
      when not g.moderator and (exists (select from blocks b where b.user_id = s.user_id and b.blocked_id = g.user_id)
        or exists (select from blocks b where b.user_id = g.user_id and b.blocked_id = s.user_id)) then 'gone'
      when restriction.kind = 'ban' then 'banned'
      when restriction.kind = 'mute' then 'muted'
      when g.reply_to is not null and not exists (select from chat_messages p where p.id = g.reply_to and p.stream_id = g.stream_id) then 'no_reply'
      when slow.wait_ms is not null then 'slow'
    end as refusal
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::boolean[])
    with ordinality as g (id, stream_id, user_id, user_name, message, reply_to, client_id, moderator, n)
  left join streams s on s.id = g.stream_id and s.deleted_at is null
  left join users u on u.id = g.user_id
  left join chat_messages old on g.client_id is not null and old.stream_id = g.stream_id and old.user_id = g.user_id and old.client_id = g.client_id
  left join lateral (
    select min(r.kind) as kind from chat_restrictions r
    where r.lifted_at is null and r.workspace_id = s.workspace_id and r.user_id = g.user_id and (r.until is null or r.until > now())
      and coalesce(r.stream_id, '00000000-0000-0000-0000-000000000000'::uuid) in ('00000000-0000-0000-0000-000000000000'::uuid, g.stream_id)
  ) restriction on true
  left join lateral (
    select ceil(extract(epoch from max(m.sent_at) + make_interval(secs => c.slow_mode_s) - clock_timestamp()) * 1000)::int as wait_ms
    from chat_rooms c join chat_messages m on m.stream_id = c.stream_id
    where c.stream_id = g.stream_id and c.slow_mode_s > 0 and not g.moderator and m.user_id = g.user_id and m.sent_at > now() - make_interval(secs => c.slow_mode_s)
    group by c.slow_mode_s
  ) slow on true
), room as (
  insert into chat_rooms (stream_id, last_position)
  select stream_id, count(*) from given where refusal is null and old_id is null group by stream_id order by stream_id
  on conflict (stream_id) do update set last_position = chat_rooms.last_position + excluded.last_position
  returning stream_id, last_position
), stored as (
  insert into chat_messages (id, stream_id, position, user_id, user_name, message, reply_to, client_id, sent_at)
  select g.id, g.stream_id, room.last_position - count(*) over (partition by g.stream_id) + row_number() over (partition by g.stream_id order by g.n),
    g.user_id, g.user_name, g.message, g.reply_to, g.client_id, clock_timestamp()
  from given g join room on room.stream_id = g.stream_id
  where g.refusal is null and g.old_id is null
  order by g.n
  returning id, position, sent_at
)
select g.refusal, g.wait_ms, g.old_id is not null as repeated, coalesce(stored.id, g.old_id) as id, coalesce(stored.position, g.old_position) as position,
  coalesce(stored.sent_at, g.old_sent_at) as sent_at, coalesce(g.old_message, g.message) as message, coalesce(g.old_user_name, g.user_name) as user_name,
  case when g.old_id is null then g.reply_to else g.old_reply_to end as reply_to, g.old_deleted as deleted
from given g left join stored on stored.id = g.id
order by g.n`;
