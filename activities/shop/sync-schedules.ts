import type { Client } from '@temporalio/client';
import type { ChannelKey } from '../../domain/contracts/channel.ts';

/** The Schedule of each channel's `shopSync`. */
export interface SyncSchedules {
  /** Makes it, brings it to the interval of the code, and lets it run. */
  ensure(channel: ChannelKey): Promise<void>;
  /** Runs it now, once more after a run that is under way. */
  trigger(channel: ChannelKey): Promise<void>;
  pause(channel: ChannelKey, why: string): Promise<void>;
  remove(channel: ChannelKey): Promise<void>;
}

export function createSyncSchedules(_client: Client, _options: { taskQueuePrefix: string; intervalS: number; deadlineMs?: number }): SyncSchedules {
  const missing = () => Promise.reject(new Error('not built yet'));
  return { ensure: missing, trigger: missing, pause: missing, remove: missing };
}
