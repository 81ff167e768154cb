import type pg from 'pg';
import { lockCooldowns } from '../../db/cooldown.repository.ts';
import { knownMessages, storeBatch, type BatchOwner, type ResumePoint } from '../../db/event-batch.ts';
import { newId } from '../../db/ids.ts';
import { inTransaction } from '../../db/transaction.ts';
import { decideBatch, type DecidedBatch, type PendingEvent } from '../../domain/batch.ts';
import { cooldownKey } from '../../domain/execution.ts';
import type { StreakState } from '../../domain/streaks.ts';
import { AppError } from '../../domain/errors.ts';
import { RecentMessages } from './recent-messages.ts';
import type { WorkspaceRulesRef } from './rule-cache.ts';
import type { ErrorLog } from './log.ts';

export interface BatchWriterOptions {
  pool: pg.Pool;
  owner: BatchOwner;
  last_position: number;
  streaks: readonly StreakState[];
  recent_msg_ids: readonly string[];
  rules: WorkspaceRulesRef;
  log: ErrorLog;
  now?: () => number;
}

const RETRY_MS = [50, 200, 500, 1_000, 2_000];
/** A streak that was closed so long ago gets no late frames any more. */
const FORGET_STREAK_MS = 3_600_000;

/**
 * Stores batches of one livestream, one after another. What it knows (position, streaks, cooldowns) moves on only after
 * a commit, so a batch that failed is decided again from the same state. While PostgreSQL is gone it waits and goes on.
 */
export class BatchWriter {
  readonly #options: BatchWriterOptions;
  readonly #now: () => number;
  readonly #recent: RecentMessages;
  readonly #streaks = new Map<string, StreakState>();
  readonly #openStreaks = new Map<string, StreakState>();
  readonly #cooldowns = new Map<string, number>();
  #lastPosition: number;
  /** The batch under way: after a broken connection nobody knows whether it was committed. */
  #doubtful: DecidedBatch | null = null;

  constructor(options: BatchWriterOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#recent = new RecentMessages(options.recent_msg_ids);
    options.streaks.forEach((streak) => this.#keep(streak));
    this.#lastPosition = options.last_position;
  }

  get lastPosition(): number {
    return this.#lastPosition;
  }

  get openStreaks(): Iterable<StreakState> {
    return this.#openStreaks.values();
  }

  get openStreakCount(): number {
    return this.#openStreaks.size;
  }

  /**
   * Stores what is new of `pending`.
   * @returns the batch as committed; empty where nothing was new
   * @throws AppError('superseded') when another consumer has taken over; AbortError when `signal` ends the waiting
   */
  async write(pending: readonly PendingEvent[], resume: ResumePoint, signal: AbortSignal): Promise<DecidedBatch> {
    let fresh = this.#withoutRepeats(pending);
    for (let failures = 0; ; ) {
      try {
        const doubtful = await this.#settleDoubt();
        if (doubtful) return this.#commit(doubtful);
        const decided = await this.#tryWrite(fresh, resume);
        if (decided !== 'repeated') return this.#commit(decided);
        const known = await knownMessages(this.#options.pool, this.#options.owner.livestream_id, fresh.map(msgIdOf));
        if (known.size === 0) throw new AppError('superseded', 'the position of this batch is taken');
        fresh = fresh.filter((event) => !known.has(msgIdOf(event)));
        known.forEach((id) => this.#recent.add(id));
      } catch (error) {
        if (error instanceof AppError || signal.aborted) throw error;
        if (isRefusedForGood(error) && fresh.length > 0) return this.#takeApart(fresh, resume, signal, error);
        const wait = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!;
        if (failures === 1) this.#options.log.warn({ err: error, livestream_id: this.#options.owner.livestream_id }, 'events can not be stored now; holding back');
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  /** One event that can't be stored must not hold up the others: it is found by halving, set aside and counted. */
  async #takeApart(pending: readonly PendingEvent[], resume: ResumePoint, signal: AbortSignal, error: unknown): Promise<DecidedBatch> {
    this.#doubtful = null;
    if (pending.length === 1) {
      const msg_id = msgIdOf(pending[0]!);
      this.#recent.add(msg_id);
      this.#options.log.error({ err: error, livestream_id: this.#options.owner.livestream_id, msg_id }, 'an event can not be stored and is left out');
      return this.write([], { ...resume, decode_failures: resume.decode_failures + 1 }, signal);
    }
    const middle = pending.length >> 1;
    const first = await this.write(pending.slice(0, middle), { ...resume, decode_failures: 0 }, signal);
    const second = await this.write(pending.slice(middle), resume, signal);
    return {
      ...second,
      first_position: first.first_position,
      events: [...first.events, ...second.events],
      executions: [...first.executions, ...second.executions],
    };
  }

  #withoutRepeats(pending: readonly PendingEvent[]): PendingEvent[] {
    const seen = new Set<string>();
    return pending.filter((event) => {
      const id = msgIdOf(event);
      if (this.#recent.has(id) || seen.has(id)) return false;
      seen.add(id);
      return true;
    });
  }

  #decide(pending: readonly PendingEvent[], cooldowns: ReadonlyMap<string, number>): DecidedBatch {
    const { owner, rules } = this.#options;
    return decideBatch(pending, {
      livestream_id: owner.livestream_id,
      workspace_id: owner.workspace_id,
      last_position: this.#lastPosition,
      now_ms: this.#now(),
      newId,
      rules: rules.current.rules,
      over_limit: rules.current.over_limit,
      streaks: this.#streaks,
      cooldowns,
    });
  }

  async #tryWrite(pending: readonly PendingEvent[], resume: ResumePoint): Promise<DecidedBatch | 'repeated'> {
    const decided = this.#decide(pending, this.#cooldowns);
    if (decided.claims.length > 0) return this.#writeWithCooldowns(pending, decided, resume);
    return this.#store(this.#options.pool, decided, resume);
  }

  /** Cooldowns are shared by all consumers of the workspace: they are read under lock and the batch is decided again. */
  async #writeWithCooldowns(pending: readonly PendingEvent[], first: DecidedBatch, resume: ResumePoint): Promise<DecidedBatch | 'repeated'> {
    return inTransaction<DecidedBatch | 'repeated'>(
      this.#options.pool,
      async (client) => {
        const locked = await lockCooldowns(client, first.claims);
        locked.forEach((until, key) => this.#cooldowns.set(key, until));
        return this.#store(client, this.#decide(pending, this.#cooldowns), resume);
      },
      { keep: (result) => result !== 'repeated' },
    );
  }

  /** A commit whose answer was lost is no failure: asks whether the batch that was under way is there. */
  async #settleDoubt(): Promise<DecidedBatch | null> {
    const doubtful = this.#doubtful;
    const first = doubtful?.events[0];
    if (!first) return null;
    const { rowCount } = await this.#options.pool.query('select from events where id = $1', [first.id]);
    this.#doubtful = null;
    return rowCount === 1 ? doubtful : null;
  }

  async #store(db: Pick<pg.Pool, 'query'>, decided: DecidedBatch, resume: ResumePoint): Promise<DecidedBatch | 'repeated'> {
    this.#doubtful = decided;
    const result = await storeBatch(db, this.#options.owner, decided, resume);
    if (result.kind === 'repeated') {
      this.#doubtful = null;
      return 'repeated';
    }
    if (result.kind === 'superseded') throw new AppError('superseded');
    return { ...decided, executions: decided.executions.filter((execution) => result.executions.has(execution.id)) };
  }

  #commit(decided: DecidedBatch): DecidedBatch {
    this.#doubtful = null;
    this.#lastPosition = decided.last_position;
    decided.events.forEach((event) => this.#recent.add(event.msg_id));
    decided.streaks.forEach((streak) => this.#keep(streak));
    decided.claims.forEach((claim) => this.#cooldowns.set(cooldownKey(claim.rule_id, claim.user_key), claim.until_ms));
    return decided;
  }

  #keep(streak: StreakState): void {
    this.#streaks.set(streak.streak_id, streak);
    if (streak.is_open) this.#openStreaks.set(streak.streak_id, streak);
    else this.#openStreaks.delete(streak.streak_id);
  }

  /** Drops what can't matter any more; called now and then. */
  forgetOld(): void {
    const now = this.#now();
    for (const [key, until] of this.#cooldowns) if (until <= now) this.#cooldowns.delete(key);
    for (const [key, streak] of this.#streaks) if (!streak.is_open && now - streak.last_at_ms > FORGET_STREAK_MS) this.#streaks.delete(key);
  }
}

/** PostgreSQL's classes 22 (data) and 23 (constraint), and values that can't even be written down: trying again can't help. */
function isRefusedForGood(error: unknown): boolean {
  const { code } = error as { code?: string };
  return error instanceof RangeError || /^2[23]/.test(code ?? '');
}

const msgIdOf = (event: PendingEvent): string => event.wire.msg_id;
