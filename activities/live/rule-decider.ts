import { CompiledQuery, type Transaction } from 'kysely';
import type { Logger } from 'pino';
import { openDb } from '../../db/client.ts';
import { lockCooldowns } from '../../db/cooldown.repository.ts';
import { newId } from '../../db/ids.ts';
import type { Database } from '../../db/schema.ts';
import type { RuleEvent } from '../../domain/contracts/rule.ts';
import { decideExecution, type CooldownClaim, type CooldownTable, type DecidedExecution } from '../../domain/execution.ts';
import { createRuleCache, type WorkspaceRules, type WorkspaceRulesRef } from './rule-cache.ts';

export interface RuleDeciderOptions {
  databaseUrl: string;
  /** Of its connections, as the database shows them. */
  name: string;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** What cooldowns count by. */
  now?: () => number;
}

export interface Decided {
  executions: DecidedExecution[];
  claims: CooldownClaim[];
}

/** Decides what a workspace's rules do about events that come from elsewhere than a LIVE. */
export interface RuleDecider {
  /** All events are of this workspace. Locks cooldowns, where rules have any, until the transaction ends. */
  decide(trx: Transaction<Database>, workspaceId: string, events: readonly RuleEvent[]): Promise<Decided>;
  close(): Promise<void>;
}

/** Workspaces whose rules are kept at hand. */
const MAX_WORKSPACES = 500;

export function createRuleDecider({ databaseUrl, name, logger, now = Date.now }: RuleDeciderOptions): RuleDecider {
  // A pool of its own: rules are read while the caller's transaction holds a connection of the other one.
  const rulesDb = openDb({ url: databaseUrl, max: 2, name, onError: (error) => logger.warn({ err: error }, 'a database connection broke') });
  const rules = createRuleCache({ db: rulesDb.db, databaseUrl, log: logger });
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
    async decide(trx, workspaceId, events) {
      const ruled = await rulesOf(workspaceId);
      const decided = decide(workspaceId, events, ruled, new Map(), now());
      if (decided.claims.length === 0) return decided;
      return decide(workspaceId, events, ruled, await lockCooldowns(queried(trx), decided.claims), now());
    },
    async close() {
      await rules.close();
      await rulesDb.close();
    },
  };
}

const queried = (trx: Transaction<Database>) => ({ query: (text: string, values: unknown[]) => trx.executeQuery(CompiledQuery.raw(text, values)) });

function decide(workspace_id: string, events: readonly RuleEvent[], { rules, over_limit }: WorkspaceRules, cooldowns: CooldownTable, nowMs: number): Decided {
  const claims = new Map<string, CooldownClaim>();
  const executions: DecidedExecution[] = [];
  for (const event of events) {
    const context = { workspace_id, now_ms: nowMs, newId, over_limit, cooldowns };
    rules.evaluate(event, (compiled) => executions.push(decideExecution(compiled, event, Date.parse(event.received_at), context, claims)));
  }
  return { executions, claims: [...claims.values()] };
}
