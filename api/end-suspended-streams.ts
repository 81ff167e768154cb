import { listSuspendedStreams } from '../db/live.repository.ts';
import { findStream } from '../db/stream.repository.ts';
import type { AccountRef } from '../domain/contracts/app-account.ts';
import { broadcastInput } from '../domain/streaming/broadcast-input.ts';
import type { ApiDeps } from './deps.ts';
import { forgetStream } from './stream-read.ts';

/**
 * Ends what a suspended user shows live. Said again it goes on where it stopped; of who is not suspended (any more) it ends nothing.
 * @throws ApiError unavailable: some of it goes on, so say it again
 */
export async function endSuspendedStreams(deps: ApiDeps, { workspace_id, user_id }: AccountRef, by: { user_id: string; request_id: string }): Promise<void> {
  for (const id of await listSuspendedStreams(deps.db, workspace_id, user_id)) {
    const stream = await findStream(deps.db, id);
    if (!stream) continue;
    await deps.temporal.streaming.endBroadcast(broadcastInput(stream, deps.config.streaming.graceMs, by.request_id), by);
    await forgetStream(deps, stream);
  }
}
