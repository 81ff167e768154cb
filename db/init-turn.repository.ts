import { sql } from 'kysely';
import type { PostMode } from '../domain/contracts/post.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Db } from './client.ts';
import { UNSENT_STATES } from './post-progress.repository.ts';

/**
 * TikTok's own limits, per account: https://developers.tiktok.com/doc/content-posting-api-reference-direct-post (6 inits a
 * minute) and https://developers.tiktok.com/doc/content-sharing-guidelines (15 direct posts and 5 unposted drafts in 24 hours).
 */
export const INIT_LIMITS = { a_minute: 6, a_day: { direct: 15, inbox: 5 } satisfies Record<PostMode, number> } as const;

/** A little more than TikTok's minute, for what a call takes on its way there. */
const MINUTE_MS = 61_000;
const DAY_MS = 86_400_000;
/** A place may become free sooner than it was foreseen. */
const LONGEST_WAIT_MS = 900_000;
const SHORTEST_WAIT_MS = 250;

export interface TurnRequest {
  social_account_id: string;
  post_id: string;
  /** One for each init; asked again with the same key, it keeps its place, and a granted one stays granted. */
  turn_key: string;
  mode: PostMode;
}

export type TurnAnswer = { kind: 'granted' } | { kind: 'wait'; wait_ms: number; code: ErrorCode; reason: string };

interface WaitingTurn {
  turn_key: string;
  mode: PostMode;
}

interface Spent {
  mode: PostMode;
  /** Milliseconds since it was granted. */
  age_ms: number;
  voided: boolean;
}

interface Hold {
  mode: PostMode;
  left_ms: number;
  code: ErrorCode;
  reason: string;
}

/**
 * Asks for leave to call init. An account's posts get it in the order in which they asked, one that has to wait for its own
 * mode's cap apart: it holds nobody of the other mode up. One account at a time is looked at, under a lock of its own.
 */
export async function takeTurn(db: Db, request: TurnRequest): Promise<TurnAnswer> {
  return db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended('init-turn:' || ${request.social_account_id}, 0))`.execute(tx);
    // Nothing was sent in an earlier turn that stands: who asks has not called init.
    await sql`delete from init_turns where post_id = ${request.post_id} and turn_key <> ${request.turn_key} and voided_at is null`.execute(tx);
    const { rows: mine } = await sql<{ granted: boolean }>`
      insert into init_turns (social_account_id, post_id, turn_key, mode)
      values (${request.social_account_id}, ${request.post_id}, ${request.turn_key}, ${request.mode})
      on conflict (turn_key) do update set mode = excluded.mode
      returning granted_at is not null as granted`.execute(tx);
    if (mine[0]!.granted) return { kind: 'granted' };
    const answer = decideTurn(request.turn_key, await waitingTurns(tx, request.social_account_id), await spentTurns(tx, request.social_account_id), await holds(tx, request.social_account_id));
    if (answer.kind === 'granted') await sql`update init_turns set granted_at = clock_timestamp() where turn_key = ${request.turn_key}`.execute(tx);
    return answer;
  });
}

/** What a post still asked for, or was granted and did not use: it goes to the next one. */
export async function dropTurns(db: Db, postId: string): Promise<void> {
  await sql`delete from init_turns where post_id = ${postId} and voided_at is null
    and not exists (select from posts where id = ${postId} and init_sent_at is not null)`.execute(db);
}

/** TikTok itself said no: nobody of this account and mode asks before `forMs` have passed. */
export async function holdTurns(
  db: Db,
  hold: { social_account_id: string; mode: PostMode; for_ms: number; code: ErrorCode; reason: string },
): Promise<void> {
  await sql`
    insert into init_holds (social_account_id, mode, until, code, reason)
    values (${hold.social_account_id}, ${hold.mode}, clock_timestamp() + make_interval(secs => ${hold.for_ms / 1_000}::float8), ${hold.code}, ${hold.reason})
    on conflict (social_account_id, mode) do update set until = excluded.until, code = excluded.code, reason = excluded.reason`.execute(db);
}

/** Only posts that may still be begun stand in the queue: one that ended or vanished holds nobody up. */
async function waitingTurns(db: Db, accountId: string): Promise<WaitingTurn[]> {
  const { rows } = await sql<WaitingTurn>`
    select init_turns.turn_key, init_turns.mode from init_turns join posts on posts.id = init_turns.post_id
    where init_turns.social_account_id = ${accountId} and init_turns.granted_at is null and posts.state = any(${UNSENT_STATES})
    order by init_turns.id`.execute(db);
  return rows;
}

async function spentTurns(db: Db, accountId: string): Promise<Spent[]> {
  const { rows } = await sql<Spent>`
    select mode, (extract(epoch from clock_timestamp() - granted_at) * 1000)::float8 as age_ms, voided_at is not null as voided from init_turns
    where social_account_id = ${accountId} and granted_at > clock_timestamp() - make_interval(secs => ${DAY_MS / 1_000}::float8)
    order by granted_at`.execute(db);
  return rows;
}

async function holds(db: Db, accountId: string): Promise<Hold[]> {
  const { rows } = await sql<Hold>`
    select mode, (extract(epoch from until - clock_timestamp()) * 1000)::float8 as left_ms, code, reason from init_holds
    where social_account_id = ${accountId} and until > clock_timestamp()`.execute(db);
  return rows;
}

function decideTurn(turnKey: string, waiting: readonly WaitingTurn[], spent: readonly Spent[], held: readonly Hold[]): TurnAnswer {
  const me = waiting.find((turn) => turn.turn_key === turnKey);
  // The post has ended while it asked; its workflow is told to look again.
  if (!me) return { kind: 'wait', wait_ms: SHORTEST_WAIT_MS, code: 'conflict', reason: 'The post has just come to its end.' };
  const hold = held.find(({ mode }) => mode === me.mode);
  if (hold) return wait(hold.left_ms, hold.code, hold.reason);

  const before = waiting.slice(0, waiting.indexOf(me));
  const limit = INIT_LIMITS.a_day[me.mode];
  const ofDay = spent.filter((turn) => turn.mode === me.mode && !turn.voided);
  const daysBefore = before.filter(({ mode }) => mode === me.mode).length;
  const dayPlace = ofDay.length + daysBefore - limit;
  if (dayPlace >= 0) return wait(DAY_MS - (ofDay[dayPlace]?.age_ms ?? 0), ...dayWords(me.mode, limit));

  const ofMinute = spent.filter(({ age_ms }) => age_ms < MINUTE_MS);
  const minutePlace = ofMinute.length + before.filter((turn) => canGo(turn, before, spent, held)).length - INIT_LIMITS.a_minute;
  if (minutePlace >= 0) {
    return wait(MINUTE_MS - (ofMinute[minutePlace]?.age_ms ?? 0), 'tiktok_rate_limited', `TikTok takes ${INIT_LIMITS.a_minute} new posts a minute from an account; this one is next in turn.`);
  }
  return { kind: 'granted' };
}

/** Whether somebody before me waits for the minute only: who waits for a day or a hold does not need its place now. */
function canGo(turn: WaitingTurn, waiting: readonly WaitingTurn[], spent: readonly Spent[], held: readonly Hold[]): boolean {
  if (held.some(({ mode }) => mode === turn.mode)) return false;
  const sameMode = waiting.filter(({ mode }) => mode === turn.mode);
  const used = spent.filter(({ mode, voided }) => mode === turn.mode && !voided).length;
  return used + sameMode.indexOf(turn) < INIT_LIMITS.a_day[turn.mode];
}

const dayWords = (mode: PostMode, limit: number): [ErrorCode, string] =>
  mode === 'direct'
    ? ['tiktok_daily_cap', `TikTok takes ${limit} posts by apps a day from an account; it goes on when the 24 hours of the oldest are over.`]
    : ['tiktok_pending_cap', `TikTok keeps ${limit} drafts of 24 hours in the inbox; it goes on when one is posted, or its 24 hours are over.`];

const wait = (ms: number, code: ErrorCode, reason: string): TurnAnswer => ({
  kind: 'wait',
  wait_ms: Math.ceil(Math.min(Math.max(ms, SHORTEST_WAIT_MS), LONGEST_WAIT_MS)),
  code,
  reason,
});
