import type pg from 'pg';
import type { DecidedBatch } from '../domain/batch.ts';
import type { LiveEvent } from '../domain/contracts/live-event.ts';
import type { StreakState } from '../domain/streaks.ts';
import { actionRows, executionRow } from './execution-rows.ts';
import { jsonbText } from './jsonb-text.ts';

export interface BatchOwner {
  livestream_id: string;
  workspace_id: string;
  /** The consumer's number; a batch of an older consumer is refused. */
  epoch: number;
}

export type StoreResult =
  /** `executions`: ids that were stored; one whose rule was deleted meanwhile is not among them. */
  | { kind: 'stored'; executions: ReadonlySet<string> }
  /** Another consumer has taken over: nothing was stored. */
  | { kind: 'superseded' }
  /** Some events were stored before: nothing was stored now, ask knownMessages and decide again without them. */
  | { kind: 'repeated' };

type Queryable = Pick<pg.Pool, 'query'>;

const UNIQUE_VIOLATION = '23505';
const REPEATED_BY = new Set(['events_msg', 'events_pkey']);

/**
 * Stores a decided batch whole or not at all, in one statement and one round trip. The livestream's row is updated
 * first: its lock orders batches, its epoch fences consumers that were taken over. The feed's head comes last, so that
 * the workspace's lock is held for the shortest time and its numbers commit in order.
 */
export async function storeBatch(db: Queryable, owner: BatchOwner, batch: DecidedBatch, resume: ResumePoint): Promise<StoreResult> {
  try {
    const { rows } = await db.query({ name: 'store-batch', text: STORE, values: storeValues(owner, batch, resume) });
    return rows[0].fenced ? { kind: 'stored', executions: new Set(rows[0].executions) } : { kind: 'superseded' };
  } catch (error) {
    if (isRepeat(error)) return { kind: 'repeated' };
    throw error;
  }
}

export interface ResumePoint {
  cursor: string | null;
  viewer_count: number | null;
  decode_failures: number;
  connection_id: string | null;
  totals: object;
}

/** Which of these messages the livestream has already. */
export async function knownMessages(db: Queryable, livestreamId: string, msgIds: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.query('select msg_id from events where livestream_id = $1 and msg_id = any($2)', [livestreamId, msgIds]);
  return new Set(rows.map((row: { msg_id: string }) => row.msg_id));
}

function isRepeat(error: unknown): boolean {
  const { code, constraint } = error as { code?: string; constraint?: string };
  return code === UNIQUE_VIOLATION && constraint !== undefined && REPEATED_BY.has(constraint);
}

function storeValues(owner: BatchOwner, batch: DecidedBatch, resume: ResumePoint): unknown[] {
  const c = batch.counters;
  return [
    owner.livestream_id,
    owner.workspace_id,
    owner.epoch,
    jsonbText(batch.events.map(eventRow)),
    jsonbText(batch.executions.map(executionRow)),
    jsonbText(batch.executions.flatMap(actionRows)),
    jsonbText(batch.streaks.map(streakRow)),
    jsonbText(batch.claims),
    [c.total_comments, c.total_gifts, c.total_likes, c.total_joins, c.total_follows, c.total_shares, c.total_events],
    batch.first_position,
    batch.last_position,
    resume.cursor,
    resume.viewer_count,
    resume.connection_id,
    jsonbText(resume.totals),
    resume.decode_failures,
  ];
}

const STORE = `
with fence as (
  update livestreams set
    total_comments = total_comments + ($9::bigint[])[1], total_gifts = total_gifts + ($9::bigint[])[2],
    total_likes = total_likes + ($9::bigint[])[3], total_joins = total_joins + ($9::bigint[])[4],
    total_follows = total_follows + ($9::bigint[])[5], total_shares = total_shares + ($9::bigint[])[6],
    total_events = total_events + ($9::bigint[])[7],
    last_position = greatest(last_position, $11), cursor = coalesce($12, cursor), viewer_count = coalesce($13::integer, viewer_count),
    last_event_at = now(), updated_at = now()
  where id = $1 and consumer_epoch = $3
  returning id
), stored_events as (
  insert into events (id, livestream_id, position, type, msg_id, occurred_at, received_at, is_history, user_id, data)
  select e.id, fence.id, e.position, e.type, e.msg_id, e.occurred_at, e.received_at, e.is_history, e.user_id, e.data
  from fence, json_to_recordset($4::json) as e (id uuid, position bigint, type text, msg_id text,
    occurred_at timestamptz, received_at timestamptz, is_history boolean, user_id text, data jsonb)
), stored_executions as (
  insert into executions (id, workspace_id, rule_id, rule_version, livestream_id, event_id, status, reason, detail, missing_fields,
    created_at, finished_at, duration_ms)
  select x.id, $2, x.rule_id, x.rule_version, fence.id, x.event_id, x.status, x.reason, x.detail,
    array(select json_array_elements_text(x.missing_fields)), x.created_at,
    case when x.status = 'pending' then null else now() end, case when x.status = 'pending' then null else 0 end
  from fence, json_to_recordset($5::json) as x (id uuid, rule_id uuid, rule_version integer, event_id uuid, status text, reason text,
    detail text, missing_fields json, created_at timestamptz)
  where exists (select from rules where rules.id = x.rule_id)
  returning id
), stored_actions as (
  insert into execution_actions (id, execution_id, workspace_id, livestream_id, event_id, rule_id, "order", action_type, target, action,
    status, expires_at, created_at)
  select a.id, a.execution_id, $2, $1, a.event_id, a.rule_id, a."order", a.action_type, a.target, a.action, 'pending',
    to_timestamp(a.expires_at_ms / 1000.0), a.created_at
  from json_to_recordset($6::json) as a (id uuid, execution_id uuid, event_id uuid, rule_id uuid, "order" integer, action_type text,
    target text, action jsonb, expires_at_ms float8, created_at timestamptz)
  join stored_executions on stored_executions.id = a.execution_id
), stored_streaks as (
  insert into gift_streaks (livestream_id, streak_id, counted, is_open, last_frame, last_at)
  select fence.id, s.streak_id, s.counted, s.is_open, s.last_frame, to_timestamp(s.last_at_ms / 1000.0)
  from fence, json_to_recordset($7::json) as s (streak_id text, counted integer, is_open boolean, last_frame jsonb, last_at_ms float8)
  on conflict (livestream_id, streak_id) do update
    set counted = excluded.counted, is_open = excluded.is_open, last_frame = excluded.last_frame, last_at = excluded.last_at
), stored_claims as (
  insert into rule_cooldowns (rule_id, user_key, until)
  select c.rule_id, c.user_key, to_timestamp(c.until_ms / 1000.0)
  from fence, json_to_recordset($8::json) as c (rule_id uuid, user_key text, until_ms float8)
  where exists (select from rules where rules.id = c.rule_id)
  on conflict (rule_id, user_key) do update set until = greatest(rule_cooldowns.until, excluded.until)
), stored_connection as (
  update livestream_connections set totals_at_end = totals_at_end || $15::jsonb, decode_failures = decode_failures + $16
  from fence where livestream_connections.id = $14 and ($15::text <> '{}' or $16 > 0)
), head as (
  insert into workspace_feed_heads (workspace_id, seq) select $2, 1 from fence where $11::bigint >= $10::bigint
  on conflict (workspace_id) do update set seq = workspace_feed_heads.seq + 1
  returning seq
), feed as (
  insert into workspace_feed (workspace_id, seq, kind, livestream_id, first_position, last_position)
  select $2, seq, 'events', $1, $10, $11 from head
)
select exists (select from fence) as fenced, array(select id::text from stored_executions) as executions`;

function eventRow(event: LiveEvent): object {
  const { id, livestream_id: _livestream, position, type, msg_id, occurred_at, received_at, is_history, user_id, ...data } = event;
  return { id, position, type, msg_id, occurred_at, received_at, is_history, user_id, data };
}

function streakRow(streak: StreakState): object {
  return {
    streak_id: streak.streak_id,
    counted: streak.counted,
    is_open: streak.is_open,
    last_frame: streak.last,
    last_at_ms: streak.last_at_ms,
  };
}
