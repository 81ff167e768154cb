import type { Db } from '../../db/client.ts';
import { listHlsSegments, readHlsStream, readSegment, type RecordedHlsSegment } from '../../db/recording.repository.ts';
import type { PlaylistSegment } from '../../domain/streaming/hls-playlist.ts';
import type { HlsArchive } from '../../media/hls/archive.ts';

/** Reads what players may have of recordings out of the ledger. */
export const createHlsArchive = (db: Db): HlsArchive => ({
  stream: async (streamId) => (await readHlsStream(db, streamId)) ?? null,
  async recent(streamId, limit) {
    const rows = await listHlsSegments(db, streamId, limit);
    const last = rows.at(-1);
    if (!last) return null;
    const rates = rows.filter(({ duration_ms, size_bytes }) => duration_ms > 0 && size_bytes > 0).map(({ duration_ms, size_bytes }) => (size_bytes * 8_000) / duration_ms);
    return {
      segments: rows.map(playlistSegment),
      variant: { codecs: last.codecs ?? '', width: last.width, height: last.height, bandwidth: rates.length > 0 ? Math.max(...rates) : null },
    };
  },
  segment: async (streamId, runId, sequence) => (await readSegment(db, streamId, runId, sequence)) ?? null,
});

const playlistSegment = ({ sequence, run_id, started_at, duration_ms, discontinuity, state }: RecordedHlsSegment): PlaylistSegment => ({
  sequence,
  run_id,
  started_at_ms: started_at.getTime(),
  duration_ms,
  parts: [],
  discontinuity,
  gap: state === 'lost',
});
