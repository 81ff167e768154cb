import { Context } from '@temporalio/activity';
import { countRemoved, removeCounted } from '../../../db/app-deletion.repository.ts';
import {
  dropCommentLike,
  dropVideoLike,
  emptyComments,
  forgetSounds,
  forgetVideo,
  listLikedComments,
  listLikedVideos,
  listOwnComments,
  listOwnVideos,
  listVideosToForget,
} from '../../../db/app-removal.repository.ts';
import { deleteComment } from '../../../db/video-comment.repository.ts';
import { deleteVideo } from '../../../db/video-life.repository.ts';
import { setCommentLike, setVideoLike } from '../../../db/video-like.repository.ts';
import type { AccountRef, DeleteAccountActivities } from '../../../domain/contracts/app-account.ts';
import { videoKeys } from '../../../domain/contracts/video.ts';
import { untilNone, type AccountDeps } from './account-deps.ts';

/** Through what apps use to take such things back, so that every count stays exact. */
export function createRemoveReactions({ db, storage }: AccountDeps): Pick<DeleteAccountActivities, 'removeReactions' | 'removeVideos'> {
  return {
    async removeReactions(account) {
      await untilNone(() => unlikeVideos(account), beat);
      await untilNone(() => unlikeComments(account), beat);
      await untilNone(() => each(listOwnComments(db, account), ({ id }) => deleteComment(db, { ...account, id })), beat);
      await emptyComments(db, account);
    },

    async removeVideos(account) {
      await untilNone(() => each(listOwnVideos(db, account), ({ id }) => deleteVideo(db, { ...account, id })), beat);
      await untilNone(() => each(listVideosToForget(db, account), ({ id }) => forget(account, id)), beat);
      await forgetSounds(db, account);
    },
  };

  /** Files first: a crash in between leaves a row that is looked at again, and never a file that nobody knows of. */
  async function forget(account: AccountRef, id: string): Promise<void> {
    for (const key of videoKeys(id)) await storage.delete(key);
    await removeCounted(db, account.user_id, 'videos', () => forgetVideo(db, account, id));
  }

  function unlikeVideos(account: AccountRef): Promise<number> {
    return each(listLikedVideos(db, account), ({ video_id }) =>
      db.transaction().execute(async (trx) => {
        const answer = await setVideoLike(trx, { video_id, user_id: account.user_id, liked: false });
        if (answer === null) await dropVideoLike(trx, account, video_id);
        await countRemoved(trx, account.user_id, 'likes', 1);
      }),
    );
  }

  function unlikeComments(account: AccountRef): Promise<number> {
    return each(listLikedComments(db, account), ({ comment_id }) =>
      db.transaction().execute(async (trx) => {
        const answer = await setCommentLike(trx, { comment_id, user_id: account.user_id, liked: false });
        if (answer === null) await dropCommentLike(trx, account, comment_id);
        await countRemoved(trx, account.user_id, 'likes', 1);
      }),
    );
  }
}

async function each<T>(listed: Promise<readonly T[]>, run: (one: T) => Promise<unknown>): Promise<number> {
  const all = await listed;
  for (const one of all) {
    await run(one);
    beat();
  }
  return all.length;
}

const beat = (): void => Context.current().heartbeat();
