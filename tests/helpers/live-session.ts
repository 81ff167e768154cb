import { createDispatcher, type Dispatcher } from '../../activities/live/dispatcher.ts';
import { createRuleCache, type RuleCache } from '../../activities/live/rule-cache.ts';
import type { SessionDeps } from '../../activities/live/session.ts';
import { listPending, markRetrying, recordAttempts, settleActions } from '../../db/action.repository.ts';
import { createSignBudget } from '../../db/sign-budget.repository.ts';
import type { ActionSender, ActionSenders, RenderedAction } from '../../domain/contracts/action.ts';
import { createLiveClient } from '../../tiktok/live/index.ts';
import type { TestDatabase } from './database.ts';

export interface SessionHarness {
  deps: SessionDeps;
  dispatcher: Dispatcher;
  /** Every action that a sender was given, in order. */
  sent: RenderedAction[];
  close(): Promise<void>;
}

/** A session's surroundings with the real database, client and sandbox; only the senders are stand-ins. */
export function sessionHarness(database: TestDatabase, sandboxUrl: string, over: Partial<SessionDeps> & { send?: ActionSender } = {}): SessionHarness {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const sent: RenderedAction[] = [];
  const send: ActionSender = async (action, signal) => {
    sent.push(action);
    return over.send ? over.send(action, signal) : { outcome: 'succeeded', response: null };
  };
  const dispatcher = createDispatcher({
    senders: { device_control: send, webhook: send, notification: send, log: send } as ActionSenders,
    ledger: {
      record: (records) => recordAttempts(database.pool, records),
      handOver: (ids) => markRetrying(database.db, ids),
      expire: (ids) => settleActions(database.pool, ids.map((action_id) => ({ action_id, status: 'skipped' as const, code: 'max_age', error: null })), Date.now()),
    },
    wake: () => undefined,
    log,
  });
  const rules: RuleCache = createRuleCache({ db: database.db, databaseUrl: database.url, log, refreshMs: 60_000 });
  const deps: SessionDeps = {
    db: database.db,
    pool: database.pool,
    tiktok: createLiveClient({
      urls: { web: sandboxUrl, webcast: sandboxUrl, sign: sandboxUrl },
      signBudget: createSignBudget({ db: database.db, pollMs: 20 }),
    }),
    rules,
    dispatcher,
    listPending: (id) => listPending(database.db, id, 1_000),
    openSecret: (sealed) => sealed,
    owner: 'test-slot',
    streakQuietMs: 3_000,
    silenceSuspectMs: 500,
    onCommitted: () => undefined,
    onOpened: () => undefined,
    log,
    ...over,
  };
  return {
    deps,
    dispatcher,
    sent,
    async close() {
      await dispatcher.close();
      await rules.close();
    },
  };
}
