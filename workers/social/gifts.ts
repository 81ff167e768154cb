import { createHandOver } from '../../activities/actions/hand-over.ts';
import { createWorkflowStarter } from '../../activities/actions/workflow-starter.ts';
import { createRuleDecider, type RuleDecider } from '../../activities/live/rule-decider.ts';
import { createWake } from '../../activities/shop/messages/wake.ts';
import { callFollowers } from '../../activities/social/gifts/call-followers.ts';
import { evaluateGifts, GIFT_BATCH } from '../../activities/social/gifts/evaluate-gifts.ts';
import { workOff } from '../../activities/social/gifts/work-off.ts';
import { createFeedNotifier } from '../../db/feed-notifier.ts';
import { createListener, type Listener } from '../../db/listener.ts';
import { CHANNELS } from '../../domain/names.ts';
import { addGiftMetrics } from './gift-metrics.ts';
import type { SocialContext, SocialPart } from './parts.ts';

/** Hints come with gifts, and with streams that go on air; what is missed waits so long. */
const IDLE_MS = { gifts: 1_000, calls: 5_000 } as const;

interface Running {
  rules: RuleDecider;
  listener: Listener;
  loops: Promise<void>[];
}

/** Puts gifts before rules and streams, and tells followers of who is live. Any number of workers may do it. */
export function createGiftsPart({ context, log }: SocialContext): SocialPart {
  const { databaseUrl, database, client, env } = context;
  const { db, pool } = database;
  const starter = createWorkflowStarter(client, env.TEMPORAL_TASK_QUEUE_PREFIX);
  const delivery = createHandOver<{ target: string; workspace_id: string }>({ start: (input) => starter.deliver(input), logger: log });
  const wakes = { gifts: createWake(), calls: createWake() };
  const stopping = new AbortController();
  let running: Running | null = null;
  addGiftMetrics(context.metrics.registry, db);

  return {
    started() {
      const rules = createRuleDecider({ databaseUrl, name: 'showrunner-social-rules', logger: log });
      const feed = createFeedNotifier(pool);
      const deps = { db, rules, hint: (id: string) => feed.hint(id), wake: (target: string, workspace_id: string) => delivery.request(target, { target, workspace_id }), logger: log };
      const loop = (name: keyof typeof wakes, work: () => Promise<boolean>, fault: string) => workOff({ work, wake: wakes[name], idleMs: IDLE_MS[name], fault, logger: log }, stopping.signal);
      running = {
        rules,
        listener: createListener({
          url: databaseUrl,
          channels: [CHANNELS.gifts, CHANNELS.streams],
          onNotice: (channel) => (channel === CHANNELS.gifts ? wakes.gifts : wakes.calls).wake(),
          onConnected: () => Object.values(wakes).forEach((wake) => wake.wake()),
          onError: (error) => log.warn({ err: error }, 'what tells of new gifts lost its connection; they are looked for each second'),
        }),
        loops: [
          loop('gifts', async () => (await evaluateGifts(deps)) === GIFT_BATCH, 'gifts could not be put before the rules'),
          loop('calls', () => callFollowers({ db, logger: log }), 'followers could not be told of a stream'),
        ],
      };
      return Promise.resolve();
    },
    async close() {
      stopping.abort();
      await Promise.all(running?.loops ?? []);
      delivery.close();
      await running?.listener.close();
      await running?.rules.close();
    },
  };
}
