import type { Logger } from 'pino';
import { notifyAppUser } from '../../../db/app-notification.repository.ts';
import type { Db } from '../../../db/client.ts';
import { listFollowerIds, noteLiveCall, takeLiveCall, type LiveCall } from '../../../db/live.repository.ts';

/** Followers of one transaction: each is told by two statements. */
const BATCH = 100;
/** Who has more is found in showLiveStreams by the rest of them. */
export const MOST_TOLD = 10_000;
/** A stream to which nobody publishes within this tells nobody. */
const FORGET_AFTER_MS = 24 * 3_600_000;

export interface CallFollowersDeps {
  db: Db;
  logger: Pick<Logger, 'info'>;
}

/**
 * Tells some followers that somebody is live, each once however many workers do it, and notes how far it came.
 * @returns whether there may be more to do
 */
export const callFollowers = ({ db, logger }: CallFollowersDeps, { batch = BATCH, most = MOST_TOLD } = {}): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    const call = await takeLiveCall(trx, FORGET_AFTER_MS);
    if (!call) return false;
    const room = isOnAir(call) ? Math.min(batch, most - call.told) : 0;
    const followers = room > 0 ? await listFollowerIds(trx, call.user.id, call.told_until, room) : [];
    for (const user_id of followers) {
      const { workspace_id, user, stream_id } = call;
      await notifyAppUser(trx, { workspace_id, user_id, sender_id: user.id, kind: 'live', text: `${user.username} is live`, subject_id: stream_id, dedupe_key: `live:${stream_id}` });
    }
    const told = call.told + followers.length;
    const is_done = followers.length < batch || told >= most;
    await noteLiveCall(trx, call.stream_id, { told_until: followers.at(-1) ?? call.told_until, told, is_done });
    if (is_done) logger.info({ stream_id: call.stream_id, told, status: call.status }, 'followers were told of a stream');
    return true;
  });

const isOnAir = ({ status, is_gone }: LiveCall): boolean => !is_gone && (status === 'live' || status === 'reconnecting');
