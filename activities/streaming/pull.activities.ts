import { ApplicationFailure } from '@temporalio/activity';
import type { Db } from '../../db/client.ts';
import { findPublishableStream } from '../../db/stream-access.repository.ts';
import type { BroadcastActivities } from '../../domain/contracts/stream.ts';
import { AppError } from '../../domain/errors.ts';
import type { Puller } from '../../media/rtmp/puller.ts';
import { heartbeating } from '../actions/heartbeating.ts';
import { grantOf } from './media-gate.ts';

export type PullActivities = Pick<BroadcastActivities, 'pullStream'>;

/** `puller` null: this host can bridge nothing, so another one must take the turn. */
export function createPullActivities({ db, puller }: { db: Db; puller: Puller | null }): PullActivities {
  return {
    async pullStream({ stream_id, request_id, key_version }) {
      try {
        if (!puller) throw new AppError('media_full', 'this media host has no mediasoup or no ffmpeg');
        const stream = await findPublishableStream(db, stream_id);
        if (!stream) throw new AppError('not_found');
        // The announcing server let the encoder in by this key: one that was rotated since opens no session, nor keeps one open.
        const grant = grantOf(stream, key_version ?? stream.key_version);
        await heartbeating(() => puller.pull({ stream_id, grant, request_id }));
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        throw ApplicationFailure.create({ message: error.message, type: error.code, nonRetryable: error.permanent, cause: error });
      }
    },
  };
}
