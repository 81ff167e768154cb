import type { BroadcastInput } from '../contracts/stream.ts';

interface StreamFacts {
  id: string;
  workspace_id: string;
  record: boolean;
  scheduled_for: Date | null;
}

/** What the stream's workflow is started with, by whoever is first: the API, an encoder, the sweep. */
export const broadcastInput = ({ id, workspace_id, record, scheduled_for }: StreamFacts, graceMs: number, requestId: string | null): BroadcastInput => ({
  stream_id: id,
  workspace_id,
  record,
  scheduled_for_ms: scheduled_for?.getTime() ?? null,
  request_id: requestId,
  timings: { grace_ms: graceMs },
});
