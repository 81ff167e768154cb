import type pg from 'pg';
import type { Logger } from 'pino';
import { createFeedNotifier } from '../../db/feed-notifier.ts';
import { storeShopEvents } from '../../db/shop-event.repository.ts';
import { createRuleDecider } from '../live/rule-decider.ts';
import type { ShopEventWriter } from './shop-events.ts';

export interface ShopEventsDeps {
  pool: pg.Pool;
  databaseUrl: string;
  /** Makes sure that the target's deliverActions workflow runs; never throws. */
  wake: (target: string, workspaceId: string) => void;
  logger: Logger;
  /** Of the rows, and of cooldowns. */
  now?: () => number;
}

/** Puts what happens in shops before the workspace's rules and on its stream. What is history by then fires nothing and is not shown. */
export function createShopEvents({ pool, databaseUrl, wake, logger, now }: ShopEventsDeps): ShopEventWriter & { close(): Promise<void> } {
  const rules = createRuleDecider({ databaseUrl, name: 'showrunner-shop-rules', logger, now });
  const feed = createFeedNotifier(pool);
  return {
    async append(trx, all) {
      const events = all.filter(({ is_history }) => !is_history);
      const [first] = events;
      if (!first) return null;
      const { workspace_id } = first;
      const decided = await rules.decide(trx, workspace_id, events);
      return { workspace_id, targets: await storeShopEvents(trx, { workspace_id, events, ...decided }) };
    },
    committed(appended) {
      if (!appended) return;
      feed.hint(appended.workspace_id);
      for (const target of appended.targets) wake(target, appended.workspace_id);
    },
    close: () => rules.close(),
  };
}
