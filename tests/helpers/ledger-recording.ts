import { createLedgerActivities } from '../../activities/social/ledger/ledger.activities.ts';
import { newId } from '../../db/ids.ts';
import { quietLog } from './quiet-log.ts';
import { recordHistory } from './record-history.ts';
import { appUser, verb } from './social.ts';
import { testTemporal } from './temporal.ts';
import { createTestApi } from './test-api.ts';
import { giftNamed, liveStreamOf, richUser } from './wallet.ts';

export const LEDGER_RECORDINGS = ['check-ledger', 'check-ledger-unsound'] as const;

/** A ledger that adds up, and one whose balance somebody changed by hand. @returns the files */
export async function recordLedgerChecks(wanted: readonly (typeof LEDGER_RECORDINGS)[number][]): Promise<string[]> {
  const [api, temporal] = await Promise.all([createTestApi(), testTemporal()]);
  const { db, pool } = api.deps;
  await temporal.runWorker({ activities: createLedgerActivities({ db, pool, hint: () => undefined, logger: quietLog }, { accounts: 2, movements: 2 }) });
  try {
    const ada = await richUser(api, 100);
    await verb(api, 'sendGift', { gift_id: await giftNamed(api, 'Rose'), stream_id: await liveStreamOf(api, await appUser(api)), request_id: newId() }, ada.token);
    const files: string[] = [];
    for (const name of wanted) {
      if (name === 'check-ledger-unsound') await db.updateTable('coin_accounts').set({ balance: 1_000 }).where('user_id', '=', ada.id).execute();
      const workflowId = `${temporal.taskQueue}:${name}`;
      await temporal.client.workflow.execute('checkLedger', { taskQueue: temporal.taskQueue, workflowId, args: [] });
      files.push(await recordHistory(temporal.client, name, workflowId));
    }
    return files;
  } finally {
    await temporal.close();
    await api.close();
  }
}
