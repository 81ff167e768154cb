import { randomUUID } from 'node:crypto';
import { v5 as uuidV5 } from 'uuid';
import { endByTable } from '../../activities/streaming/media-pulse.ts';
import { createPullActivities } from '../../activities/streaming/pull.activities.ts';
import { createNotification } from '../../db/notification.repository.ts';
import { touchSessions } from '../../db/stream-session.repository.ts';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import type { LiveSession } from '../../media/live-session.ts';
import { createAdmission, type IngestOptions } from '../../media/rtmp/ingest.ts';
import { createPuller } from '../../media/rtmp/puller.ts';
import { listenRtmp, type RtmpServer } from '../../media/rtmp/rtmp-server.ts';
import type { MediaContext, MediaPart } from './parts.ts';
import { signPullToken } from './pull-token.ts';

const MAX_CONNECTIONS = 1_000;
const PUBLISH_WITHIN_MS = 10_000;
/** Namespace of the ids that make one trouble of a session one notice. */
const TROUBLES = 'b0f3a1de-5a57-4c0f-8a4e-1d1c57a0a8f6';

/** Encoders by RTMP, and streams that other media servers announce. Needs mediasoup and ffmpeg. */
export function createRtmpPart({ context, log, host, gate, sessions }: MediaContext): MediaPart {
  const { env, database } = context;
  if (!host.features.includes('rtmp')) return { activities: createPullActivities({ db: database.db, puller: null }) };
  const tell = ({ id, grant }: LiveSession, code: ErrorCode): void => {
    const notice = { workspace_id: grant.workspace_id, action_id: uuidV5(`${id}:${code}`, TROUBLES), livestream_id: null, message: ERRORS[code].message };
    createNotification(database.pool, notice).catch((error: unknown) => log.error({ err: error, session_id: id, code }, 'a trouble of a stream was not told'));
  };
  const ingest: IngestOptions = { sessions, ffmpeg: env.FFMPEG_PATH, onTrouble: tell, logger: log };
  const puller = createPuller({
    ...ingest,
    pullUrl: env.RTMP_PULL_URL,
    playToken: (streamId) => signPullToken(streamId, env.JWT_SECRET ?? ''),
    async endInTable(sessionId) {
      const [news] = await touchSessions(database.db, [sessionId], []);
      return news ? endByTable(news) : null;
    },
  });
  let server: RtmpServer | null = null;
  return {
    activities: createPullActivities({ db: database.db, puller }),
    async started() {
      server = await listenRtmp({
        host: env.HOST,
        port: env.RTMP_PORT,
        maxConnections: MAX_CONNECTIONS,
        publishWithinMs: PUBLISH_WITHIN_MS,
        newRequestId: randomUUID,
        admit: createAdmission({ ...ingest, gate }),
        logger: log,
      });
      // With RTMP_PORT=0 the port is known only now.
      if (!env.RTMP_PUBLIC_URL) host.rtmp_url = `rtmp://${env.HOST}:${server.port}/live`;
      log.info({ port: server.port }, 'encoders may publish by RTMP');
    },
    close: () => server?.close() ?? Promise.resolve(),
  };
}
