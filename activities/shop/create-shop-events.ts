import { CompiledQuery, type Transaction } from 'kysely';
import type pg from 'pg';
import type { Logger } from 'pino';
import { openDb } from '../../db/client.ts';
import { lockCooldowns } from '../../db/cooldown.repository.ts';
import { createFeedNotifier } from '../../db/feed-notifier.ts';
import { newId } from '../../db/ids.ts';
import type { Database } from '../../db/schema.ts';
import { storeShopEvents } from '../../db/shop-event.repository.ts';
import type { ShopEvent } from '../../domain/contracts/shop-event.ts';
import { decideExecution, type CooldownClaim, type CooldownTable, type DecidedExecution } from '../../domain/execution.ts';
import { createRuleCache, type WorkspaceRules, type WorkspaceRulesRef } from '../live/rule-cache.ts';
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

/** Workspaces whose rules are kept at hand. */
const MAX_WORKSPACES = 500;

/** Puts what happens in shops before the workspace's rules and on its stream. What is history by then fires nothing and is not shown. */
export function createShopEvents({ pool, databaseUrl, wake, logger, now = Date.now }: ShopEventsDeps): ShopEventWriter & { close(): Promise<void> } {
  // A pool of its own: rules are read while the caller's transaction holds a connection of the other one.
  const rulesDb = openDb({ url: databaseUrl, max: 2, name: 'showrunner-shop-rules', onError: (error) => logger.warn({ err: error }, 'a database connection broke') });
  const rules = createRuleCache({ db: rulesDb.db, databaseUrl, log: logger });
  const feed = createFeedNotifier(pool);
  const refs = new Map<string, Promise<WorkspaceRulesRef>>();

  const rulesOf = async (workspaceId: string): Promise<WorkspaceRules> => {
    let ref = refs.get(workspaceId);
    if (!ref) {
      if (refs.size >= MAX_WORKSPACES) forgetOldest();
      ref = rules.acquire(workspaceId);
      refs.set(workspaceId, ref);
      ref.catch(() => refs.delete(workspaceId));
    }
    return (await ref).current;
  };
  const forgetOldest = (): void => {
    const [oldest] = refs;
    if (!oldest) return;
    refs.delete(oldest[0]);
    oldest[1].then(
      (ref) => ref.release(),
      () => undefined,
    );
  };

  return {
    async append(trx, all) {
      const events = all.filter(({ is_history }) => !is_history);
      const [first] = events;
      if (!first) return null;
      const { workspace_id } = first;
      const ruled = await rulesOf(workspace_id);
      let decided = decide(events, ruled, new Map(), now());
      if (decided.claims.length > 0) decided = decide(events, ruled, await lockCooldowns(queried(trx), decided.claims), now());
      return { workspace_id, targets: await storeShopEvents(trx, { workspace_id, events, ...decided }) };
    },
    committed(appended) {
      if (!appended) return;
      feed.hint(appended.workspace_id);
      for (const target of appended.targets) wake(target, appended.workspace_id);
    },
    async close() {
      await rules.close();
      await rulesDb.close();
    },
  };
}

const queried = (trx: Transaction<Database>) => ({ query: (text: string, values: unknown[]) => trx.executeQuery(CompiledQuery.raw(text, values)) });

function decide(events: readonly ShopEvent[], { rules, over_limit }: WorkspaceRules, cooldowns: CooldownTable, nowMs: number): { executions: DecidedExecution[]; claims: CooldownClaim[] } {
  const claims = new Map<string, CooldownClaim>();
  const executions: DecidedExecution[] = [];
  for (const event of events) {
    const context = { workspace_id: event.workspace_id, now_ms: nowMs, newId, over_limit, cooldowns };
    rules.evaluate(event, (compiled) => executions.push(decideExecution(compiled, event, Date.parse(event.received_at), context, claims)));
  }
  return { executions, claims: [...claims.values()] };
}
