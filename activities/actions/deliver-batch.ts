import { Context } from '@temporalio/activity';
import type pg from 'pg';
import type { Db } from '../../db/client.ts';
import {
  countRetrying,
  listRetrying,
  recordAttempts,
  settleActions,
  type Settlement,
  type WaitingAction,
} from '../../db/action.repository.ts';
import type { ActionSenders, AttemptResult } from '../../domain/contracts/action.ts';
import type { DeliveryReport } from '../../domain/contracts/delivery.ts';
import { ERRORS } from '../../domain/errors.ts';
import { heartbeating } from './heartbeating.ts';

export interface DeliverBatchInput {
  target: string;
  give_up_after_ms: number;
}

export interface DeliverBatchDeps {
  db: Db;
  pool: pg.Pool;
  senders: ActionSenders;
}

const BATCH = 100;
const WEBHOOKS_AT_ONCE = 8;
/** Failures after which a target that answered before counts as down again. */
const DOWN_AFTER = 3;
/** A pass ends after this even where all goes well, so that its activity stays short. */
const LONGEST_PASS_MS = 30_000;

/**
 * One pass over what waits for a target. The first attempt is a probe, alone: where it fails the pass ends, so a target
 * that is down gets one request a pass. A device is then served in order, one command at a time; others take eight at once.
 */
export function createDeliverBatch({ db, pool, senders }: DeliverBatchDeps) {
  return {
    /** @throws pg's error where PostgreSQL is gone: the activity's retry policy waits for it */
    async deliverBatch({ target, give_up_after_ms }: DeliverBatchInput): Promise<DeliveryReport> {
      return heartbeating(async () => {
        const waiting = await listRetrying(db, target, BATCH);
        const { fit, settlements } = sortOut(waiting, Date.now(), give_up_after_ms);
        await settleActions(pool, settlements, Date.now());
        const report: DeliveryReport = { delivered: 0, ended: settlements.length, remaining: 0, is_down: false, retry_after_ms: null };
        await deliver(fit, target.startsWith('device:') ? 1 : WEBHOOKS_AT_ONCE, report);
        report.remaining = await countRetrying(db, target);
        return report;
      });
    },
  };

  async function deliver(actions: readonly WaitingAction[], concurrency: number, report: DeliveryReport): Promise<void> {
    const queue = [...actions];
    const deadline = Date.now() + LONGEST_PASS_MS;
    const { cancellationSignal } = Context.current();
    let failures = 0;
    const next = async (): Promise<void> => {
      const action = queue.shift();
      if (!action) return;
      const result = await attempt(action, cancellationSignal);
      if (result.outcome === 'succeeded') report.delivered += 1;
      else if (result.outcome === 'failed') report.ended += 1;
      else {
        failures += 1;
        report.retry_after_ms = Math.max(report.retry_after_ms ?? 0, result.retry_after_ms ?? 0) || null;
      }
    };
    await next();
    const mostFailures = concurrency === 1 || failures > 0 ? 1 : DOWN_AFTER;
    const lane = async (): Promise<void> => {
      while (queue.length > 0 && failures < mostFailures && Date.now() < deadline && !cancellationSignal.aborted) await next();
    };
    await Promise.all(Array.from({ length: concurrency }, lane));
    cancellationSignal.throwIfAborted();
    report.is_down = failures >= mostFailures;
  }

  async function attempt(action: WaitingAction, signal: AbortSignal): Promise<AttemptResult> {
    const started_at_ms = Date.now();
    const result = await senders[action.action.action_type](action, signal);
    // An attempt that the worker's own end cut short says nothing about the target.
    if (signal.aborted && result.outcome === 'retryable') return result;
    await recordAttempts(pool, [
      { action_id: action.id, attempt: action.attempts + 1, started_at_ms, duration_ms: Date.now() - started_at_ms, result },
    ]);
    return result;
  }
}

/** Parts what still gets an attempt from what is too old for one. */
function sortOut(
  waiting: readonly WaitingAction[],
  now: number,
  giveUpAfterMs: number,
): { fit: WaitingAction[]; settlements: Settlement[] } {
  const fit: WaitingAction[] = [];
  const settlements: Settlement[] = [];
  for (const action of waiting) {
    if (action.expires_at_ms !== null && action.expires_at_ms <= now) {
      settlements.push({ action_id: action.id, status: 'skipped', code: 'max_age', error: 'The event was too old when its turn came.' });
    } else if (action.created_at_ms + giveUpAfterMs <= now) {
      const error = action.last_error ? `${ERRORS.gave_up.message} Last: ${action.last_error}` : ERRORS.gave_up.message;
      settlements.push({ action_id: action.id, status: 'failed', code: 'gave_up', error });
    } else {
      fit.push(action);
    }
  }
  return { fit, settlements };
}
