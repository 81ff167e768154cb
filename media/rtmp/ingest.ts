import type { Logger } from 'pino';
import type { ErrorCode } from '../../domain/errors.ts';
import type { LiveSession, MediaGate, SessionBook } from '../live-session.ts';
import { Bridge, type BridgeTimings } from './bridge.ts';
import type { PacketSink, PacketSource, PublishAttempt } from './rtmp-connection.ts';

export interface IngestOptions {
  sessions: SessionBook;
  /** FFMPEG_PATH. */
  ffmpeg: string;
  /** Something about a stream that its people should know; the stream goes on. */
  onTrouble: (session: LiveSession, code: ErrorCode) => void;
  timings?: Partial<BridgeTimings>;
  logger: Logger;
}

/** Begins the bridge of a session whose packets come from `source`. */
export function bridgeSession({ ffmpeg, onTrouble, timings, logger }: IngestOptions, session: LiveSession, source: PacketSource, requestId: string | null): Bridge {
  const log = logger.child({ request_id: requestId, stream_id: session.grant.stream_id, session_id: session.id });
  void session.ended.then((end) => log.info({ end }, 'an RTMP session ended'));
  return new Bridge({ session, source, command: ffmpeg, onTrouble: (code) => onTrouble(session, code), timings, logger: log });
}

/** Lets encoders in by their key. @throws what the gate and the session book refuse by */
export function createAdmission(options: IngestOptions & { gate: MediaGate }) {
  return async ({ stream_key, remote_address, request_id, source }: PublishAttempt): Promise<PacketSink> => {
    const grant = await options.gate.publisherByKey(stream_key);
    const session = await options.sessions.begin({ grant, kind: 'rtmp', remote_address, user_agent: null, request_id });
    options.logger.info({ request_id, remote_address, stream_id: grant.stream_id, session_id: session.id }, 'an RTMP encoder was let in');
    return bridgeSession(options, session, source, request_id);
  };
}
