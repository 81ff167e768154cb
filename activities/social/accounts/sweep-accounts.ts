import { Context } from '@temporalio/activity';
import { listOpenDeletions } from '../../../db/app-deletion.repository.ts';
import { forgetExport, listExpiredExports, listOpenExports } from '../../../db/app-export.repository.ts';
import { forfeit, listLateCoins } from '../../../db/app-forfeit.repository.ts';
import { listLateRecordings } from '../../../db/app-stream-removal.repository.ts';
import type { SweepAccountsActivities } from '../../../domain/contracts/app-account.ts';
import { accountDeletionWorkflowId, dataExportWorkflowId, taskQueue } from '../../../domain/names.ts';
import { eachInLanes } from '../../actions/each-in-lanes.ts';
import type { AccountDeps } from './account-deps.ts';
import { removeRecordings } from './remove-streams.ts';

const MOST = 500;
const AT_ONCE = 10;
const START_MS = 5_000;

export function createSweepAccounts(deps: AccountDeps, openForMs = 60_000): SweepAccountsActivities {
  const { db, storage, client, taskQueuePrefix, logger } = deps;
  return {
    async sweepAccounts() {
      const [deletions, exports] = await Promise.all([listOpenDeletions(db, openForMs, MOST), listOpenExports(db, openForMs, MOST)]);
      await eachInLanes(deletions, AT_ONCE, (account) => start('deleteAccount', accountDeletionWorkflowId(account.user_id), account));
      await eachInLanes(exports, AT_ONCE, ({ id, ...account }) => start('exportData', dataExportWorkflowId(id), { export_id: id, ...account }));
      Context.current().heartbeat();
      const late = [await listLateCoins(db, MOST), await listLateRecordings(db, MOST)] as const;
      for (const account of late[0]) await forfeit(db, account);
      for (const account of late[1]) await removeRecordings(deps, account);
      const expired = await listExpiredExports(db, MOST);
      for (const { id, storage_key } of expired) {
        if (storage_key !== null) await storage.delete(storage_key);
        await forgetExport(db, id);
      }
      const found = { deletions: deletions.length, exports: exports.length, expired: expired.length, late: late.flat().length };
      const total = Object.values(found).reduce((sum, count) => sum + count, 0);
      if (total > 0) logger.info(found, 'accounts are looked after');
      return total;
    },
  };

  /** Nothing happens where it runs. */
  async function start(type: string, workflowId: string, input: object): Promise<void> {
    const options = { taskQueue: taskQueue('social', taskQueuePrefix), workflowId, workflowIdConflictPolicy: 'USE_EXISTING' as const, args: [{ ...input, request_id: null }] };
    await client.withDeadline(Date.now() + START_MS, () => client.workflow.start(type, options));
  }
}
