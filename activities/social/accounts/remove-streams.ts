import { Context } from '@temporalio/activity';
import { removeCounted } from '../../../db/app-deletion.repository.ts';
import { forgetStreams, listRecordings, listRunningStreams } from '../../../db/app-stream-removal.repository.ts';
import type { AccountRef, DeleteAccountActivities } from '../../../domain/contracts/app-account.ts';
import { posterKey, vodKey, vodSourceKey } from '../../../domain/contracts/vod.ts';
import { createBroadcastEnder } from '../../streaming/broadcast-ender.ts';
import type { AccountDeps } from './account-deps.ts';

/** What somebody showed live, and what was recorded of it. */
export function createRemoveStreams(deps: AccountDeps): Pick<DeleteAccountActivities, 'removeStreams'> {
  const { db, client, taskQueuePrefix } = deps;
  const end = createBroadcastEnder(client, taskQueuePrefix);
  return {
    async removeStreams(account) {
      for (const stream of await listRunningStreams(db, account)) {
        await end({ ...stream, request_id: null }, { user_id: account.user_id, request_id: null });
        Context.current().heartbeat();
      }
      await removeRecordings(deps, account);
      await forgetStreams(db, account);
    },
  };
}

/** A recording may become a video minutes after its stream's end: the sweep comes by here again. */
export async function removeRecordings({ db, storage }: Pick<AccountDeps, 'db' | 'storage'>, account: AccountRef): Promise<number> {
  const recordings = await listRecordings(db, account);
  for (const { id } of recordings) {
    for (const key of [vodKey(id), vodSourceKey(id), posterKey(id)]) await storage.delete(key);
    await removeCounted(db, account.user_id, 'recordings', async (trx) => Number((await trx.deleteFrom('vods').where('id', '=', id).executeTakeFirst()).numDeletedRows));
    Context.current().heartbeat();
  }
  return recordings.length;
}
