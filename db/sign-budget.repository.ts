import { setTimeout as delay } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import type { SignBudget, SignObservation } from '../domain/contracts/live-connection.ts';
import { inWindow, observeAllowance, spendCall, type AllowanceRules, type SignAllowance, type Spending } from '../domain/sign-allowance.ts';
import type { Db } from './client.ts';
import type { Database } from './schema.ts';

export interface SignBudgetOptions {
  db: Db;
  /** Calls a window, until the sign service tells its own limit; absent: unlimited until then. */
  defaultLimitPerMinute?: number | undefined;
  /** Milliseconds between two looks at the queue. */
  pollMs: number;
  /** Length of a window that the service has not told the end of, milliseconds. */
  windowMs?: number;
}

export interface SignBudgetView {
  limit: number | null;
  remaining: number | null;
  /** ISO 8601 UTC. */
  reset_at: string | null;
  blocked_until: string | null;
  /** In the order of their turns. */
  waiting: { livestream_id: string; since: string }[];
}

const MINUTE_MS = 60_000;
/** A waiter must show itself well within the 15 s after which it counts as gone. */
const MAX_POLL_MS = 5_000;
/** While calls are left the queue moves by itself: who is near its head looks often, who is far behind does not. */
const MOVING_POLL_MS = 20;
/** Ours to decide and not the clock's of each worker: the database's. */
const now = sql<Date>`clock_timestamp()`;
const isAlive = sql<boolean>`seen_at > clock_timestamp() - interval '15 seconds'`;
/** So long a waiter that was only held up finds its place again; then its ticket is litter. */
const isLitter = sql<boolean>`seen_at < clock_timestamp() - interval '10 minutes'`;

/**
 * The allowance of the sign service, shared by every process that uses this database. Waiters take turns in the order
 * in which they came; one that died holds nobody up.
 */
export function createSignBudget({ db, defaultLimitPerMinute, pollMs, windowMs = MINUTE_MS }: SignBudgetOptions): SignBudget {
  const rules: AllowanceRules = { defaultLimit: defaultLimitPerMinute, windowMs };
  return {
    acquire: (livestreamId, signal) => acquire(db, rules, Math.min(pollMs, MAX_POLL_MS), livestreamId, signal),
    report: (observation) => report(db, rules, observation),
  };
}

async function acquire(db: Db, rules: AllowanceRules, pollMs: number, livestreamId: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    for (;;) {
      const ticket = await showUp(db, livestreamId);
      const turn = await takeTurn(db, rules, ticket);
      if (turn.granted) return;
      await delay(Math.max(1, Math.min(pollMs, turn.wait_ms)), undefined, { signal });
    }
  } catch (error) {
    await leaveQueue(db, livestreamId);
    throw signal.aborted ? new DOMException('The wait for the sign service was called off.', 'AbortError') : error;
  }
}

/** Takes a place in the queue, or keeps the one that this livestream has. @returns the ticket's id */
async function showUp(db: Db, livestreamId: string): Promise<number> {
  const kept = await db
    .updateTable('sign_tickets')
    .set({ seen_at: now })
    .where('livestream_id', '=', livestreamId)
    .returning('id')
    .executeTakeFirst();
  if (kept) return kept.id;
  const taken = await db
    .insertInto('sign_tickets')
    .values({ livestream_id: livestreamId, seen_at: now })
    .onConflict((conflict) => conflict.column('livestream_id').doUpdateSet({ seen_at: now }))
    .returning('id')
    .executeTakeFirstOrThrow();
  return taken.id;
}

/** The head of the queue spends a call, if one is left; the row lock of the budget makes that one at a time. */
async function takeTurn(db: Db, rules: AllowanceRules, ticket: number): Promise<Spending> {
  const ahead = await countAhead(db, ticket);
  if (ahead > 0) {
    const { allowance, nowMs } = await readAllowance(db);
    const forHead = spendCall(allowance, nowMs, rules);
    return { granted: false, wait_ms: (forHead.granted ? 0 : forHead.wait_ms) + ahead * MOVING_POLL_MS };
  }
  return await db.transaction().execute(async (trx) => {
    const { allowance, nowMs } = await lockAllowance(trx);
    const spending = spendCall(allowance, nowMs, rules);
    if (!spending.granted) return spending;
    const used = await trx.deleteFrom('sign_tickets').where('id', '=', ticket).executeTakeFirst();
    // Another call for the same livestream has used the ticket meanwhile: this one queues again.
    if (used.numDeletedRows === 0n) return { granted: false, wait_ms: MOVING_POLL_MS };
    await trx.deleteFrom('sign_tickets').where(isLitter).execute();
    await writeAllowance(trx, spending.allowance);
    return spending;
  });
}

async function countAhead(db: Db, ticket: number): Promise<number> {
  const { ahead } = await db
    .selectFrom('sign_tickets')
    .select(({ fn }) => fn.countAll<number>().as('ahead'))
    .where('id', '<', ticket)
    .where(isAlive)
    .executeTakeFirstOrThrow();
  return ahead;
}

/** Best effort, as the caller has an error to tell already: a ticket that stays behind counts for 15 s and is then passed over. */
async function leaveQueue(db: Db, livestreamId: string): Promise<void> {
  await db
    .deleteFrom('sign_tickets')
    .where('livestream_id', '=', livestreamId)
    .execute()
    .catch(() => undefined);
}

async function report(db: Db, rules: AllowanceRules, observation: SignObservation): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { allowance, nowMs } = await lockAllowance(trx);
    await writeAllowance(trx, observeAllowance(allowance, observation, nowMs, rules));
  });
}

/**
 * The allowance now and who waits for it, of all workspaces: whoever shows it leaves out what is not the reader's.
 */
export async function readSignBudget(db: Db, defaultLimitPerMinute?: number): Promise<SignBudgetView> {
  const { allowance, nowMs } = await readAllowance(db);
  const isOver = allowance.reset_at_ms !== null && allowance.reset_at_ms <= nowMs;
  const current = inWindow(allowance, nowMs, { defaultLimit: defaultLimitPerMinute, windowMs: MINUTE_MS });
  const waiting = await db.selectFrom('sign_tickets').select(['livestream_id', 'created_at']).where(isAlive).orderBy('id').execute();
  const isBlocked = allowance.blocked_until_ms !== null && allowance.blocked_until_ms > nowMs;
  return {
    limit: allowance.limit ?? defaultLimitPerMinute ?? null,
    remaining: current.remaining,
    reset_at: isOver ? null : isoOf(allowance.reset_at_ms),
    blocked_until: isBlocked ? isoOf(allowance.blocked_until_ms) : null,
    waiting: waiting.map(({ livestream_id, created_at }) => ({ livestream_id, since: created_at.toISOString() })),
  };
}

interface Known {
  allowance: SignAllowance;
  nowMs: number;
}

const known = (db: Db | Transaction<Database>) =>
  db
    .selectFrom('sign_budget')
    .select(['limit_per_window', 'remaining', 'reset_at', 'blocked_until', now.as('now')])
    .where('id', '=', 1);

type KnownRow = Awaited<ReturnType<ReturnType<typeof known>['executeTakeFirstOrThrow']>>;

const readAllowance = async (db: Db): Promise<Known> => toKnown(await known(db).executeTakeFirstOrThrow());
const lockAllowance = async (trx: Transaction<Database>): Promise<Known> => toKnown(await known(trx).forUpdate().executeTakeFirstOrThrow());

function toKnown(row: KnownRow): Known {
  const { limit_per_window: limit, remaining, reset_at, blocked_until, now: at } = row;
  const allowance = { limit, remaining, reset_at_ms: reset_at?.getTime() ?? null, blocked_until_ms: blocked_until?.getTime() ?? null };
  return { allowance, nowMs: at.getTime() };
}

async function writeAllowance(
  trx: Transaction<Database>,
  { limit, remaining, reset_at_ms, blocked_until_ms }: SignAllowance,
): Promise<void> {
  const values = {
    limit_per_window: limit,
    remaining,
    reset_at: isoOf(reset_at_ms),
    blocked_until: isoOf(blocked_until_ms),
    updated_at: now,
  };
  await trx.updateTable('sign_budget').set(values).where('id', '=', 1).execute();
}

const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
