import { listActiveRules } from '../../db/active-rules.repository.ts';
import type { Db } from '../../db/client.ts';
import { createListener } from '../../db/listener.ts';
import { CHANNELS } from '../../domain/names.ts';
import { compileRuleSet, type RuleSet } from '../../domain/rules/compile.ts';
import type { ErrorLog } from './log.ts';

export interface WorkspaceRules {
  rules: RuleSet;
  over_limit: ReadonlySet<string>;
}

export interface RuleCache {
  /** Loads the workspace's rules and keeps them fresh until `release`. */
  acquire(workspaceId: string): Promise<WorkspaceRulesRef>;
  close(): Promise<void>;
}

/** `current` always holds the newest rules; read it anew for each batch. */
export interface WorkspaceRulesRef {
  current: WorkspaceRules;
  release(): void;
}

interface Entry extends WorkspaceRules {
  users: number;
  loading: Promise<void> | null;
  stale: boolean;
}

/** A lost notice costs at most this long. */
const REFRESH_MS = 5_000;

/** Active rules of the workspaces that this process consumes for: a change is a NOTIFY away, the table is the truth. */
export function createRuleCache({ db, databaseUrl, log, refreshMs = REFRESH_MS }: { db: Db; databaseUrl: string; log: ErrorLog; refreshMs?: number }): RuleCache {
  const entries = new Map<string, Entry>();

  const load = async (workspaceId: string, entry: Entry): Promise<void> => {
    do {
      entry.stale = false;
      const { rules, over_limit } = await listActiveRules(db, workspaceId);
      entry.rules = compileRuleSet(rules);
      entry.over_limit = over_limit;
    } while (entry.stale);
  };

  const refresh = (workspaceId: string): Promise<void> | null => {
    const entry = entries.get(workspaceId);
    if (!entry) return null;
    entry.stale = true;
    entry.loading ??= load(workspaceId, entry).finally(() => {
      entry.loading = null;
    });
    return entry.loading;
  };

  const refreshQuietly = (workspaceId: string): void => {
    refresh(workspaceId)?.catch((error: unknown) => log.error({ err: error, workspace_id: workspaceId }, 'rules could not be read; the former ones stay'));
  };
  const refreshAll = (): void => entries.forEach((_, workspaceId) => refreshQuietly(workspaceId));

  const listener = createListener({
    url: databaseUrl,
    channels: [CHANNELS.rules],
    onNotice: (_channel, workspaceId) => refreshQuietly(workspaceId),
    onConnected: refreshAll,
    onError: (error) => log.error({ err: error }, 'the rule listener lost its connection'),
  });
  const timer = setInterval(refreshAll, refreshMs);
  timer.unref();

  return {
    async acquire(workspaceId) {
      let entry = entries.get(workspaceId);
      if (!entry) {
        entry = { rules: compileRuleSet([]), over_limit: new Set(), users: 0, loading: null, stale: false };
        entries.set(workspaceId, entry);
      }
      entry.users += 1;
      const held = entry;
      const release = (): void => {
        held.users -= 1;
        if (held.users === 0) entries.delete(workspaceId);
      };
      try {
        await refresh(workspaceId);
      } catch (error) {
        release();
        throw error;
      }
      return { get current() { return held; }, release };
    },
    async close() {
      clearInterval(timer);
      await listener.close();
    },
  };
}
