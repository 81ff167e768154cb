import type { Db } from '../../../db/client.ts';
import { findVod, finishVod } from '../../../db/vod.repository.ts';
import type { IngestOutcome } from '../../../domain/contracts/vod.ts';

export function createFinishVod(db: Db) {
  return {
    /** Says in the row what came of it; a row that was deleted meanwhile needs nothing. */
    async finishVod({ vod_id, outcome }: { vod_id: string; outcome: IngestOutcome }): Promise<void> {
      if (!outcome.ok) return finishVod(db, vod_id, { status: 'failed', status_code: outcome.code, status_reason: outcome.reason });
      const vod = await findVod(db, vod_id);
      if (!vod) return;
      if (outcome.status === 'ready') return finishVod(db, vod_id, { status: 'ready', status_code: null, status_reason: null });
      const reasons = [...new Set(vod.gaps.map(({ reason }) => reason))].join(' ');
      const reason = `${vod.segments_lost} of ${vod.segments_total} segments are missing: ${reasons}`.slice(0, 1_000);
      await finishVod(db, vod_id, { status: 'incomplete', status_code: 'segments_lost', status_reason: reason });
    },
  };
}
