import { createHlsArchive } from '../../activities/streaming/hls-archive.ts';
import { createRecordingLedger } from '../../activities/streaming/recording-ledger.ts';
import { createFeedNotifier } from '../../db/feed-notifier.ts';
import { newId } from '../../db/ids.ts';
import { createEgress, WINDOW_SEGMENTS } from '../../media/egress/egress.ts';
import { createHlsMedia } from '../../media/hls/hls-media.ts';
import { createHlsPlaylists } from '../../media/hls/hls-playlists.ts';
import { createViewerCount } from '../../media/hls/viewer-count.ts';
import { addHlsRoutes } from '../../media/http/hls.ts';
import { createEgressMetrics } from './egress-metrics.ts';
import type { MediaContext, MediaPart } from './parts.ts';

/** A part is cut within half a second; one that is announced and does not come belongs to a stream that pauses. */
const PART_WAIT_MS = 4_000;

/** HLS and recording. Both are off where mediasoup or ffmpeg is missing; recorded streams are still served where something listens. */
export function createEgressPart({ context, host, gate, sessions, audiences, storage, http, log }: MediaContext): MediaPart {
  const { env, database, metrics } = context;
  const feed = createFeedNotifier(database.pool);
  const { observer, measure } = createEgressMetrics(metrics.registry);
  const ledger = createRecordingLedger({ database, hostId: host.id, hint: (workspaceId) => feed.hint(workspaceId) });
  const archive = createHlsArchive(database.db);
  // Made also where nothing new can be recorded: what a former process left on the disk is brought in.
  const egress = createEgress({ ffmpeg: env.FFMPEG_PATH, folder: host.folder, storage, ledger, archive, observer, newId, logger: log });
  const viewers = createViewerCount();
  audiences.add((streamId) => viewers.count(streamId));
  measure(egress, (streamId) => viewers.count(streamId), () => sessions.all());
  addHlsRoutes(http, {
    gate,
    hostId: host.id,
    playlists: createHlsPlaylists({ windows: egress.windows, archive, cutting: egress.cutting, windowSegments: WINDOW_SEGMENTS }),
    media: createHlsMedia({ windows: egress.windows, archive, storage, partWaitMs: PART_WAIT_MS }),
    viewers,
    trustedProxies: env.TRUSTED_PROXIES,
  });
  const stop = host.features.includes('hls') ? sessions.onAnnounced((session) => egress.follow(session)) : () => undefined;
  return {
    async close() {
      stop();
      await egress.close();
    },
  };
}
