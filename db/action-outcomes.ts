import type pg from 'pg';
import type { ActionStatus, AttemptRecord, AttemptResponse, AttemptResult } from '../domain/contracts/action.ts';
import { inTransaction } from './transaction.ts';

/** A decision about an action that no attempt led to. */
export interface Settlement {
  action_id: string;
  status: Extract<ActionStatus, 'failed' | 'skipped'>;
  code: string | null;
  error: string | null;
}

interface Outcome {
  action_id: string;
  status: Exclude<ActionStatus, 'pending'>;
  code: string | null;
  error: string | null;
  response: AttemptResponse | null;
  finished_at_ms: number;
  attempt: Pick<AttemptRecord, 'attempt' | 'started_at_ms' | 'duration_ms'> | null;
  outcome: AttemptResult['outcome'] | null;
}

const MAX_TEXT = 1_000;

/**
 * Writes attempts down in one transaction: the attempt, what it makes of its action, and of the execution whose last
 * action it was. A retryable outcome leaves the action `retrying`. Writing the same record again changes nothing, a final
 * status is never changed, and actions that were deleted meanwhile are passed over.
 * @throws pg's error; nothing is then written
 */
export async function recordAttempts(pool: pg.Pool, records: readonly AttemptRecord[]): Promise<void> {
  await writeOutcomes(pool, records.map(outcomeOf));
}

/** Ends actions without an attempt: too old, given up. The same promises as recordAttempts. */
export async function settleActions(pool: pg.Pool, settlements: readonly Settlement[], nowMs: number): Promise<void> {
  await writeOutcomes(
    pool,
    settlements.map((settlement) => ({ ...settlement, response: null, finished_at_ms: nowMs, attempt: null, outcome: null })),
  );
}

function outcomeOf({ action_id, attempt, started_at_ms, duration_ms, result }: AttemptRecord): Outcome {
  const failure = result.outcome === 'succeeded' ? null : result;
  return {
    action_id,
    status: result.outcome === 'retryable' ? 'retrying' : result.outcome,
    code: failure?.code ?? null,
    error: failure && clean(failure.error),
    response: result.response ?? null,
    finished_at_ms: started_at_ms + duration_ms,
    attempt: { attempt, started_at_ms, duration_ms },
    outcome: result.outcome,
  };
}

async function writeOutcomes(pool: pg.Pool, outcomes: readonly Outcome[]): Promise<void> {
  if (outcomes.length === 0) return;
  await inTransaction(
    pool,
    async (client) => {
      await client.query({ name: 'lock-executions', text: LOCK, values: [outcomes.map((outcome) => outcome.action_id)] });
      await client.query({ name: 'write-outcomes', text: WRITE, values: columnsOf(outcomes) });
    },
    { settings: BY_INDEX },
  );
}

/** These tables may have grown a thousandfold since they were last analyzed: the indexes are right at any size. */
const BY_INDEX = 'set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off';

/** Two deliverers that finish two actions of one execution must see each other's: all writers take these locks, in one order. */
const LOCK = `select x.id from executions x where x.id in (select execution_id from execution_actions where id = any($1::uuid[])) order by x.id for no key update`;

const WRITE = `with given as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::int[], $8::float8[], $9::int[], $10::text[], $11::int[])
    as g (action_id, status, code, error, response, finished_at_ms, attempt, started_at_ms, duration_ms, outcome, response_status)
), attempted as (
  insert into action_attempts (action_id, attempt, started_at, duration_ms, outcome, code, error, response_status)
  select a.id, g.attempt, to_timestamp(g.started_at_ms / 1000), g.duration_ms, g.outcome, g.code, g.error, g.response_status
  from given g join execution_actions a on a.id = g.action_id where g.attempt is not null
  on conflict (action_id, attempt) do nothing
), updated as (
  update execution_actions a
  set status = g.status, error_code = g.code, error = g.error, response = coalesce(g.response::jsonb, a.response),
    attempts = greatest(a.attempts, g.attempt),
    finished_at = case when g.status <> 'retrying' then to_timestamp(g.finished_at_ms / 1000) end,
    latency_ms = case when g.status = 'succeeded' then least(greatest(0, g.finished_at_ms - extract(epoch from a.created_at) * 1000), 2147483647)::int end
  from given g
  where a.id = g.action_id and a.status in ('pending', 'retrying')
  returning a.id, a.execution_id, a.status, a.error, a."order", a.finished_at
), touched as (
  select execution_id, max(finished_at) as finished_at from updated group by execution_id having bool_or(status <> 'retrying')
), states as (
  select execution_id, status, error, "order" from updated
  union all
  select a.execution_id, a.status, a.error, a."order" from touched t join execution_actions a on a.execution_id = t.execution_id
  where a.id <> all (select id from updated)
), summary as (
  select execution_id, bool_or(status in ('pending', 'retrying')) as open, bool_or(status = 'failed') as failed,
    bool_and(status = 'skipped') as skipped, (array_agg(error order by "order") filter (where status = 'failed'))[1] as first_error
  from states group by execution_id
)
update executions x
set status = case when s.failed then 'failed' when s.skipped then 'skipped' else 'succeeded' end,
  reason = case when s.skipped and not s.failed then 'max_age' else x.reason end,
  detail = case when s.failed then s.first_error else x.detail end,
  finished_at = t.finished_at,
  -- One that failed may be repeated weeks later: more milliseconds than the column holds.
  duration_ms = least(greatest(0, extract(epoch from t.finished_at - x.created_at) * 1000), 2147483647)::int
from summary s join touched t on t.execution_id = s.execution_id
where x.id = s.execution_id and x.status = 'pending' and not s.open`;

function columnsOf(outcomes: readonly Outcome[]): unknown[] {
  const column = <T>(of: (outcome: Outcome) => T): T[] => outcomes.map(of);
  return [
    column(({ action_id }) => action_id),
    column(({ status }) => status),
    column(({ code }) => code),
    column(({ error }) => error),
    column(({ response }) => response && JSON.stringify({ ...response, body: response.body && clean(response.body) })),
    column(({ finished_at_ms }) => finished_at_ms),
    column(({ attempt }) => attempt?.attempt ?? null),
    column(({ attempt }) => attempt?.started_at_ms ?? null),
    column(({ attempt }) => attempt && Math.round(attempt.duration_ms)),
    column(({ outcome }) => outcome),
    column(({ response }) => response?.status ?? null),
  ];
}

/** PostgreSQL takes neither NUL nor half a surrogate pair, which cutting a text can leave. */
function clean(text: string): string {
  return text.slice(0, MAX_TEXT).replace(/\0|\p{Surrogate}/gu, '\uFFFD');
}
