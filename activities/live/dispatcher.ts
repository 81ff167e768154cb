import type { ActionSenders, AttemptRecord, AttemptResult, RenderedAction } from '../../domain/contracts/action.ts';
import { TargetLane } from './target-lane.ts';
import type { ErrorLog } from './log.ts';

/** What the dispatcher writes through; made of db/action.repository.ts. */
export interface ActionLedger {
  /** Records attempts; a retryable one leaves its row `retrying`. */
  record(records: readonly AttemptRecord[]): Promise<void>;
  /** Hands actions that were not tried over to deliverActions. */
  handOver(actionIds: readonly string[]): Promise<void>;
  /** Skips actions whose event is older than their rule allows. */
  expire(actionIds: readonly string[]): Promise<void>;
}

export interface DispatcherOptions {
  senders: ActionSenders;
  ledger: ActionLedger;
  /** Makes sure that the target's deliverActions workflow runs. May fail: the sweep makes good for it. */
  wake: (target: string, workspaceId: string) => void;
  log: ErrorLog;
  now?: () => number;
}

export interface Dispatcher {
  /** Makes the first attempt; resolves when its outcome is in the database. Never rejects. */
  submit(action: RenderedAction): Promise<void>;
  /** Is the action in hand here? */
  holds(actionId: string): boolean;
  /** Of all that it holds right now. */
  heldIds(): ReadonlySet<string>;
  /** Attempts under way or waiting for their turn. */
  readonly size: number;
  close(): Promise<void>;
}

interface Finished {
  action: RenderedAction;
  /** null: not tried; `expired`: too late to be tried. */
  record: AttemptRecord | 'expired' | null;
  done: () => void;
}

const RECORD_RETRY_MS = 1_000;
const MAX_BATCH = 500;
/** Beyond this many targets idle lanes are forgotten, breaker and all: templates can make any number of targets. */
const MAX_LANES = 2_000;

/**
 * First attempts: each target has a lane of its own with bounded concurrency and a breaker, so that a dead target
 * holds nobody up; what a lane does not try goes to deliverActions. Outcomes are written in batches.
 */
export function createDispatcher({ senders, ledger, wake, log, now = Date.now }: DispatcherOptions): Dispatcher {
  const lanes = new Map<string, TargetLane>();
  const held = new Map<string, Promise<void>>();
  const stop = new AbortController();
  let finished: Finished[] = [];
  let flushing: Promise<void> | null = null;

  const attempt = async (action: RenderedAction): Promise<AttemptRecord | 'expired'> => {
    const started_at_ms = now();
    if (action.expires_at_ms !== null && started_at_ms > action.expires_at_ms) return 'expired';
    const result = await send(senders, action, stop.signal);
    return { action_id: action.id, attempt: action.attempts + 1, started_at_ms, duration_ms: now() - started_at_ms, result };
  };

  const settle = (entry: Finished): void => {
    finished.push(entry);
    flushing ??= flush().finally(() => {
      flushing = null;
    });
  };

  const flush = async (): Promise<void> => {
    // Lets the outcomes of one tick share a statement.
    await new Promise(setImmediate);
    while (finished.length > 0) {
      const batch = finished.slice(0, MAX_BATCH);
      await writeUntilDone(batch);
      finished = finished.slice(batch.length);
      batch.forEach((entry) => entry.done());
      wakeTargets(batch);
    }
  };

  const writeUntilDone = async (batch: readonly Finished[]): Promise<void> => {
    const records = batch.flatMap(({ record }) => (record === null || record === 'expired' ? [] : record));
    const untried = batch.filter(({ record }) => record === null).map(({ action }) => action.id);
    const expired = batch.filter(({ record }) => record === 'expired').map(({ action }) => action.id);
    while (true) {
      try {
        if (records.length > 0) await ledger.record(records);
        if (untried.length > 0) await ledger.handOver(untried);
        if (expired.length > 0) await ledger.expire(expired);
        return;
      } catch (error) {
        log.error({ err: error, actions: batch.length }, 'outcomes of actions could not be written; trying again');
        await new Promise((resolve) => setTimeout(resolve, RECORD_RETRY_MS));
      }
    }
  };

  const wakeTargets = (batch: readonly Finished[]): void => {
    const targets = new Map<string, string>();
    for (const { action, record } of batch) {
      if (record === 'expired') continue;
      if (!record || record.result.outcome === 'retryable') targets.set(action.target, action.workspace_id);
    }
    targets.forEach((workspaceId, target) => wake(target, workspaceId));
  };

  const laneOf = (action: RenderedAction): TargetLane => {
    let lane = lanes.get(action.target);
    if (!lane) {
      if (lanes.size >= MAX_LANES) lanes.forEach((each, target) => each.idle && lanes.delete(target));
      lane = new TargetLane(action.action.action_type, () => lanes.delete(action.target));
      lanes.set(action.target, lane);
    }
    return lane;
  };

  const submit = (action: RenderedAction): Promise<void> => {
    const before = held.get(action.id);
    if (before) return before;
    const promise = new Promise<void>((done) => {
      laneOf(action).run(
        () => attempt(action),
        (record) => settle({ action, record, done }),
      );
    }).finally(() => held.delete(action.id));
    held.set(action.id, promise);
    return promise;
  };

  return {
    submit,
    holds: (actionId) => held.has(actionId),
    heldIds: () => new Set(held.keys()),
    get size() {
      return held.size;
    },
    async close() {
      await Promise.all(held.values());
      stop.abort();
    },
  };
}

async function send(senders: ActionSenders, action: RenderedAction, signal: AbortSignal): Promise<AttemptResult> {
  try {
    return await senders[action.action.action_type](action, signal);
  } catch (error) {
    // A sender must not throw; if it does, the action is not lost.
    return { outcome: 'retryable', code: 'internal', error: error instanceof Error ? error.message : String(error) };
  }
}
