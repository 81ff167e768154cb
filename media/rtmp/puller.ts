import type { SessionEnd } from '../../domain/contracts/stream.ts';
import { AppError } from '../../domain/errors.ts';
import { describeEnd, runFfmpeg, type FfmpegRun } from '../ffmpeg/run-ffmpeg.ts';
import type { LiveSession, PublishGrant } from '../live-session.ts';
import { FlvReader } from './flv-reader.ts';
import type { FlvPacket } from './flv-packet.ts';
import { bridgeSession, type IngestOptions } from './ingest.ts';
import type { PacketSink, PacketSource } from './rtmp-connection.ts';

export interface PullerOptions extends IngestOptions {
  /** RTMP_PULL_URL; the stream's id is put behind it. */
  pullUrl: string | undefined;
  /** By which the other server lets us play a stream, private ones too. */
  playToken(streamId: string): Promise<string>;
  /** What the table says of the end of a session that is held here; null: it goes on. */
  endInTable(sessionId: string): Promise<Pick<SessionEnd, 'reason' | 'detail'> | null>;
  /** How long the other server may take to send the first packet, milliseconds. */
  firstPacketMs?: number;
}

export interface PullRequest {
  stream_id: string;
  grant: PublishGrant;
  request_id: string | null;
}

export interface Puller {
  /**
   * Fetches a stream from the media server that announced it, as a session of its own.
   * @returns once media flows from there; the session ends when it does
   * @throws AppError stream_busy, stream_over, media_full; stream_not_live where there is nothing to be fetched
   */
  pull(request: PullRequest): Promise<LiveSession>;
}

const FIRST_PACKET_MS = 15_000;
/** A connection on which nothing comes is given up, microseconds: ffmpeg's unit. */
const READ_TIMEOUT_US = 15_000_000;

export function createPuller(options: PullerOptions): Puller {
  const { sessions, ffmpeg, pullUrl, playToken, endInTable, firstPacketMs = FIRST_PACKET_MS, logger } = options;
  return {
    async pull({ stream_id, grant, request_id }) {
      if (pullUrl === undefined) throw new AppError('feature_off', 'RTMP_PULL_URL says where announced streams are fetched');
      const held = sessions.ofStream(stream_id);
      if (held?.kind === 'rtmp_pull') {
        const end = await endInTable(held.id);
        // The announcement was told twice, or the activity is tried again.
        if (!end) return held;
        // Its publisher has left and is back before our own beat saw the one: what is announced is the next session.
        held.end(end.reason, end.detail);
      }
      const url = `${pullUrl.replace(/\/+$/, '')}/${stream_id}`;
      // Beside the URL, for that is in ffmpeg's words, and they are in logs and histories.
      const playpath = `${stream_id}?token=${await playToken(stream_id)}`;
      const run = runFfmpeg({ command: ffmpeg, purpose: 'pull', args: ['-rw_timeout', String(READ_TIMEOUT_US), '-rtmp_playpath', playpath, '-fflags', '+genpts', '-i', url, '-map', '0', '-c', 'copy', '-flush_packets', '1', '-f', 'flv', 'pipe:1'], stdout: true });
      const pulled = new PulledSource(run);
      try {
        await pulled.first(firstPacketMs);
        const session = await sessions.begin({ grant, kind: 'rtmp_pull', remote_address: new URL(url).host, user_agent: null, request_id });
        logger.info({ request_id, stream_id, session_id: session.id }, 'a stream is fetched from another media server');
        pulled.flowInto(bridgeSession(options, session, pulled, request_id));
        return session;
      } catch (error) {
        void run.stop(0);
        throw error;
      }
    },
  };
}

/** What ffmpeg fetches, as packets. */
class PulledSource implements PacketSource {
  readonly #run: FfmpegRun;
  #sink: PacketSink | null = null;
  #waiting: FlvPacket[] = [];
  #failed: Error | null = null;
  readonly #begun: Promise<void>;

  constructor(run: FfmpegRun) {
    this.#run = run;
    this.#begun = new Promise((resolve) => {
      const reader = new FlvReader((packet) => {
        resolve();
        if (this.#sink) this.#sink.take(packet);
        else {
          this.#waiting.push(packet);
          // Read no more than this until there is a session.
          this.pause();
        }
      });
      run.stdout!.on('data', (bytes: Buffer) => {
        try {
          reader.read(bytes);
        } catch (error) {
          this.#failed = error as Error;
          void run.stop(0);
        }
      });
      run.stdout!.on('error', () => undefined);
    });
    void run.ended.then(({ code }) => this.#sink?.end(code === 0 && this.#failed === null));
  }

  /** @throws AppError('stream_not_live') when nothing comes */
  async first(withinMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => (timer = setTimeout(() => resolve(`nothing came within ${withinMs} ms`), withinMs)));
    const fault = await Promise.race([this.#begun.then(() => null), this.#run.ended.then(describeEnd), late]);
    clearTimeout(timer);
    // The other server may have told ffmpeg what we asked to play.
    if (fault !== null) throw new AppError('stream_not_live', fault.replaceAll(/\btoken=[\w.-]*/g, 'token=***'));
  }

  flowInto(sink: PacketSink): void {
    this.#sink = sink;
    for (const packet of this.#waiting.splice(0)) sink.take(packet);
    this.resume();
  }

  pause(): void {
    this.#run.stdout!.pause();
  }

  resume(): void {
    this.#run.stdout!.resume();
  }

  close(): void {
    void this.#run.stop(0);
  }
}
