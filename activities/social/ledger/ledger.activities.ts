import { Context } from '@temporalio/activity';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { Db } from '../../../db/client.ts';
import { newId } from '../../../db/ids.ts';
import { checkAccounts, checkMovements, checkSums, findLedgerWorkspace, insertLedgerCheck } from '../../../db/ledger-check.repository.ts';
import { createNotification } from '../../../db/notification.repository.ts';
import type { LedgerActivities } from '../../../domain/contracts/ledger-check.ts';
import { addBatch, MOST_FAULTS, NO_TALLY, wordsOfFaults, type CheckTally } from '../../../domain/social/ledger-check.ts';
import { heartbeating } from '../../actions/heartbeating.ts';

export interface LedgerDeps {
  db: Db;
  pool: pg.Pool;
  /** Tells followers of the workspace's stream. Never throws. */
  hint: (workspaceId: string) => void;
  logger: Pick<Logger, 'info' | 'error'>;
}

/** Rows of one statement. A popular account has many entries. */
const BATCH = { accounts: 500, movements: 5_000 } as const;

/** What proves the ledger. It only reads, and locks nothing: coins move on meanwhile. */
export function createLedgerActivities({ db, pool, hint, logger }: LedgerDeps, batch: { accounts: number; movements: number } = BATCH): LedgerActivities {
  return {
    openLedgerCheck: () => Promise.resolve({ check_id: newId() }),
    checkLedgerSums: async () => ({ checked: 1, faults: await checkSums(db, MOST_FAULTS) }),
    checkLedgerAccounts: () => inBatches((after) => checkAccounts(db, after, batch.accounts)),
    checkLedgerMovements: () => inBatches((after) => checkMovements(db, after, batch.movements)),

    async recordLedgerCheck({ check_id, accounts, movements, faults }) {
      await insertLedgerCheck(db, { id: check_id, accounts, movements, faults });
      if (faults.length === 0) {
        logger.info({ check_id, accounts, movements }, 'the ledger adds up');
        return;
      }
      logger.error({ check_id, accounts, movements, faults: faults.slice(0, 10) }, 'the ledger does not add up');
      const workspace_id = await findLedgerWorkspace(db);
      if (workspace_id === undefined) return;
      const message = `The coins of the app do not add up: ${wordsOfFaults(faults)}. GET /social/ledger-checks has the ids, docs/wallet.md says what to do.`;
      await createNotification(pool, { workspace_id, action_id: check_id, livestream_id: null, message });
      hint(workspace_id);
    },
  };
}

/** Batch by batch to the end; heartbeats carry how far it came. */
function inBatches(check: (after: string | null) => Promise<CheckTally>): Promise<{ checked: number; faults: CheckTally['faults'] }> {
  const context = Context.current();
  let tally = (context.info.heartbeatDetails as CheckTally | undefined) ?? NO_TALLY;
  return heartbeating(
    async () => {
      for (;;) {
        const batch = await check(tally.last);
        if (batch.checked === 0) return { checked: tally.checked, faults: tally.faults };
        tally = addBatch(tally, batch);
        context.heartbeat(tally);
        context.cancellationSignal.throwIfAborted();
      }
    },
    () => tally,
  );
}
