import type pg from 'pg';
import { v5 as uuidV5 } from 'uuid';
import type { Db } from '../../db/client.ts';
import { createNotification } from '../../db/notification.repository.ts';
import { closeUnlessAlive, listUnendedStreams, readBroadcastFacts, recordingVodId, writeStatus } from '../../db/stream-broadcast.repository.ts';
import type { BroadcastActivities, BroadcastInput } from '../../domain/contracts/stream.ts';
import { broadcastInput } from '../../domain/streaming/broadcast-input.ts';
import { streamNotice } from '../../domain/streaming/stream-notice.ts';
import { eachInLanes } from '../actions/each-in-lanes.ts';

/** Namespace of the ids that make a notice the same on every attempt. */
const NOTICES = '2b5b0b4c-6f0e-4c0a-9d5e-0d9f8f1d2c77';
/** Streams that one sweep looks after at a time; they end at once where the workflow runs. */
const SWEPT = 500;
const LANES = 8;

export interface BroadcastActivitiesDeps {
  db: Db;
  pool: pg.Pool;
  /** Starts the stream's workflow; nothing happens where it runs, or ran to its end. */
  startBroadcast: (input: BroadcastInput) => Promise<void>;
  graceMs: number;
}

/** What `broadcast` has done in the tables; pullStream is the part's that fetches. */
export type BroadcastTableActivities = Omit<BroadcastActivities, 'pullStream'> & {
  /**
   * Starts the workflows of streams where they don't run: Temporal was away when they were made, or has lost them.
   * @returns where the next one goes on; null: all have been looked after
   */
  sweepBroadcasts(after: string | null): Promise<string | null>;
};

export function createBroadcastActivities({ db, pool, startBroadcast, graceMs }: BroadcastActivitiesDeps): BroadcastTableActivities {
  return {
    readBroadcast: ({ stream_id }) => readBroadcastFacts(db, stream_id),

    async setStreamStatus(change) {
      const stream = await writeStatus(db, change);
      if (!stream) return;
      const { stream_id, status, reason, at_ms } = change;
      const was_live = stream.start_time !== null && (status !== 'live' || stream.start_time.getTime() < at_ms);
      const message = streamNotice({ title: stream.title, status, reason, was_live });
      if (message === null) return;
      await createNotification(pool, { workspace_id: stream.workspace_id, action_id: uuidV5(`${stream_id}:${status}:${at_ms}`, NOTICES), livestream_id: null, message });
    },

    closeDeadSession: ({ session_id, end }) => closeUnlessAlive(db, session_id, end),

    async prepareRecording({ stream_id }) {
      const vod_id = await recordingVodId(db, stream_id);
      return vod_id === null ? null : { vod_id };
    },

    async sweepBroadcasts(after) {
      const streams = await listUnendedStreams(db, after, SWEPT);
      await eachInLanes(streams, LANES, (stream) => startBroadcast(broadcastInput(stream, graceMs, null)));
      return streams.length < SWEPT ? null : streams.at(-1)!.id;
    },
  };
}
