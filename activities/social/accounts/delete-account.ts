import { Context } from '@temporalio/activity';
import { closeRecord, emptyAccount } from '../../../db/app-deletion.repository.ts';
import { deleteExport, listExportsOf } from '../../../db/app-export.repository.ts';
import { forfeit } from '../../../db/app-forfeit.repository.ts';
import {
  emptyDirectMessageChunk,
  forgetChatName,
  forgetViewChunk,
  listChatMessages,
  removeBlocks,
  removeDevices,
  removeFollowChunk,
  removeNotificationChunk,
} from '../../../db/app-removal.repository.ts';
import { deleteMessage } from '../../../db/chat-message.repository.ts';
import { exportKey, type AccountRef, type DeleteAccountActivities } from '../../../domain/contracts/app-account.ts';
import { untilNone, type AccountDeps } from './account-deps.ts';

type Steps = Omit<DeleteAccountActivities, 'removeStreams' | 'removeReactions' | 'removeVideos'>;

/** Every step looks for what is left: after a crash it goes on where it stood. */
export function createDeleteAccount({ db, storage, logger }: AccountDeps): Steps {
  return {
    closeAccount: (account) => emptyAccount(db, account),

    async removeRelations(account) {
      await untilNone(() => removeFollowChunk(db, account), beat);
      await removeBlocks(db, account);
    },

    async removeTraces(account) {
      await removeDevices(db, account);
      await untilNone(() => removeNotificationChunk(db, account), beat);
      await untilNone(() => forgetViewChunk(db, account), beat);
      for (const { id } of await listExportsOf(db, account.user_id)) {
        await storage.delete(exportKey(id));
        await deleteExport(db, id);
      }
    },

    async emptyMessages(account) {
      await untilNone(() => emptyDirectMessageChunk(db, account), beat);
      await untilNone(() => emptyChatChunk(account), beat);
    },

    async forfeitCoins(account) {
      await forfeit(db, account);
    },

    async finishDeletion(account) {
      const counts = await closeRecord(db, account);
      logger.info({ ...account, ...counts }, 'an account was deleted');
      return counts;
    },
  };

  /** Each is told to who is in the stream's chat right now. */
  async function emptyChatChunk(account: AccountRef): Promise<number> {
    const said = await listChatMessages(db, account);
    for (const { id, stream_id } of said) {
      await deleteMessage(db, stream_id, id, account.user_id);
      beat();
    }
    return forgetChatName(
      db,
      account,
      said.map(({ id }) => id),
    );
  }
}

const beat = (): void => Context.current().heartbeat();
