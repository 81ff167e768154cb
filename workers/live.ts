import { listPending, markRetrying, recordAttempts, settleActions } from '../db/action.repository.ts';
import { createFeedNotifier } from '../db/feed-notifier.ts';
import { createSignBudget } from '../db/sign-budget.repository.ts';
import { createDispatcher, type ActionLedger } from '../activities/live/dispatcher.ts';
import { createLivestreamActivities } from '../activities/live/livestream.activities.ts';
import { createRuleCache } from '../activities/live/rule-cache.ts';
import { RunningConsumers } from '../activities/live/running-consumers.ts';
import { consumeOnce, type SessionDeps } from '../activities/live/session.ts';
import { tiktokUrls } from '../config/env.ts';
import { livestreamWorkflowId } from '../domain/names.ts';
import { createLiveClient } from '../tiktok/live/index.ts';
import { createRedisEvents } from '../messaging/event-stream.ts';
import type { WorkerContext } from './context.ts';
import type { RoleParts } from './role.ts';
import { createSenders } from './senders.ts';
import { takeBackLivestreams } from './take-back.ts';

/** How many unfinished actions of a predecessor are taken up at once; the rest follows through deliverActions. */
const MAX_TAKEN_UP = 1_000;

/** The role that listens: consumers of livestreams, and the first attempts of what their rules want done. */
export async function createLiveRole(context: WorkerContext): Promise<RoleParts> {
  const { env, log, database, databaseUrl, client, slot } = context;
  const senders = await createSenders(context);
  const dispatcher = createDispatcher({ senders: senders.senders, ledger: ledgerOf(context), wake: senders.wake, log });
  const rules = createRuleCache({ db: database.db, databaseUrl, log });
  const feed = createFeedNotifier(database.pool);
  const redis = env.REDIS_URL ? createRedisEvents({ url: env.REDIS_URL, logger: log }) : null;

  const deps: SessionDeps = {
    db: database.db,
    pool: database.pool,
    tiktok: createLiveClient({
      urls: tiktokUrls(env),
      signApiKey: env.SIGN_API_KEY,
      signBudget: createSignBudget({ db: database.db, defaultLimitPerMinute: env.SIGN_LIMIT_PER_MINUTE, pollMs: 250 }),
    }),
    rules,
    dispatcher,
    listPending: (livestreamId) => listPending(database.db, livestreamId, MAX_TAKEN_UP),
    openSecret: (sealed) => context.secrets.open(sealed),
    owner: slot,
    streakQuietMs: env.STREAK_QUIET_MS,
    silenceSuspectMs: env.SILENCE_SUSPECT_MS,
    onCommitted: (workspaceId, events, executions) => {
      feed.hint(workspaceId);
      redis?.publish(workspaceId, events);
      context.metrics.committed(events, executions);
    },
    onOpened: (livestreamId) => {
      client.workflow
        .getHandle(livestreamWorkflowId(livestreamId))
        .signal('opened')
        .catch((error: unknown) => log.warn({ err: error, livestream_id: livestreamId }, 'the session could not be told that it is live'));
    },
    log,
  };
  const consumers = new RunningConsumers((input, onProgress, signal) => consumeOnce(deps, input, onProgress, signal));
  context.gauges.consumers = () => consumers.size;
  context.gauges.attempts = () => dispatcher.size;

  return {
    activities: createLivestreamActivities({ db: database.db, consumers }),
    // A person's disconnect is learnt with the next heartbeat that is really sent.
    workerOptions: { maxConcurrentActivityTaskExecutions: 500, shutdownGraceTime: 0, maxHeartbeatThrottleInterval: '1s', defaultHeartbeatThrottleInterval: '1s' },
    async started() {
      const taken = await takeBackLivestreams(client, database.db, slot, log);
      if (taken > 0) log.info({ livestreams: taken }, 'took back what this slot held before it died');
    },
    async close() {
      await consumers.close();
      await dispatcher.close();
      await Promise.all([rules.close(), senders.close(), redis?.close()]);
    },
  };
}

function ledgerOf({ database }: WorkerContext): ActionLedger {
  return {
    record: (records) => recordAttempts(database.pool, records),
    handOver: (ids) => markRetrying(database.db, ids),
    expire: (ids) =>
      settleActions(
        database.pool,
        ids.map((action_id) => ({ action_id, status: 'skipped' as const, code: 'max_age', error: 'The event was too old when its turn came.' })),
        Date.now(),
      ),
  };
}
