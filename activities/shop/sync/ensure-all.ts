import type { Db } from '../../../db/client.ts';
import { listSyncedChannels, type SyncedChannel } from '../../../db/shop-sync.repository.ts';
import { ERRORS } from '../../../domain/errors.ts';
import type { ErrorLog } from '../../live/log.ts';
import type { SyncSchedules } from '../sync-schedules.ts';

const PAGE = 200;
const AT_ONCE = 8;

export interface EnsureSyncOptions {
  db: Db;
  schedules: SyncSchedules;
  logger: ErrorLog;
  /** Channels read at a time. */
  page?: number;
  signal?: AbortSignal;
}

/**
 * Brings the Schedules of all channels to what their state says: called at boot, so that a new interval reaches the old ones, and that a Temporal
 * which lost its store gets them back. A channel that fails is logged and does not hold up the others.
 * @returns how many active channels have their Schedule
 */
export async function ensureAllSyncSchedules({ db, schedules, logger, page = PAGE, signal }: EnsureSyncOptions): Promise<number> {
  let ensured = 0;
  let after: string | null = null;
  while (!signal?.aborted) {
    const channels = await listSyncedChannels(db, after, page);
    if (channels.length === 0) break;
    after = channels.at(-1)!.channel_id;
    const lane = async (): Promise<void> => {
      for (let channel = channels.shift(); channel && !signal?.aborted; channel = channels.shift()) {
        try {
          await bring(schedules, channel);
          if (channel.state === 'active') ensured += 1;
        } catch (error) {
          logger.warn({ err: error, channel_id: channel.channel_id }, 'the Schedule of a channel’s sync could not be brought to its state');
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }
  return ensured;
}

function bring(schedules: SyncSchedules, { state, state_code, state_reason, channel_id, workspace_id }: SyncedChannel): Promise<void> {
  const channel = { channel_id, workspace_id };
  if (state === 'active') return schedules.ensure(channel);
  if (state === 'disconnected') return schedules.remove(channel);
  return schedules.pause(channel, state_reason ?? ERRORS[state_code ?? 'shop_channel_paused'].message);
}
