import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { AppError } from '../../domain/errors.ts';
import { parseFlvPacket, type FlvPacket } from './flv-packet.ts';
import { RtmpProtocol } from './rtmp-protocol.ts';

/** What an encoder's packets flow into. */
export interface PacketSink {
  take(packet: FlvPacket): void;
  /** No more will come. `goodbye`: it said so, else its connection broke. */
  end(goodbye: boolean): void;
}

/** The side that packets come from. */
export interface PacketSource {
  /** Read no more for now: what takes the packets is behind. */
  pause(): void;
  resume(): void;
  /** Turn the encoder away. Idempotent. */
  close(reason: string): void;
}

export interface PublishAttempt {
  stream_key: string;
  remote_address: string | null;
  request_id: string;
  source: PacketSource;
}

export interface ConnectionOptions {
  /** Says who may publish. @throws AppError: the encoder is refused with its words */
  admit: (attempt: PublishAttempt) => Promise<PacketSink>;
  newRequestId: () => string;
  /** A connection that publishes nothing by then is closed. Milliseconds. */
  publishWithinMs: number;
  logger: Logger;
}

export const RTMP_APP = 'live';
const KEEPALIVE_MS = 10_000;
/** What an encoder that was refused has to hang up by itself. */
const HANG_UP_MS = 2_000;
/** What may come in behind `publish`, in the same read, before it is answered. */
const MOST_WAITING = 500;
/** Answers that the peer has not read. Encoders read theirs, and all of a session's are a few KiB. */
const MOST_OUTPUT_BYTES = 256 * 1024;

/** One encoder's connection: nothing of it reaches a stream before its key was found good. */
export function serveRtmp(socket: Socket, { admit, newRequestId, publishWithinMs, logger }: ConnectionOptions): void {
  const remote_address = socket.remoteAddress ?? null;
  const request_id = newRequestId();
  const log = logger.child({ request_id, remote_address });
  let sink: PacketSink | null = null;
  let asked = false;
  let goodbye = false;
  const waiting: FlvPacket[] = [];
  socket.setNoDelay(true);
  // An encoder that vanished without FIN is noticed by the kernel as well.
  socket.setKeepAlive(true, KEEPALIVE_MS);

  const hangUp = (): void => {
    // What it still sends must flow, for its FIN to be seen.
    socket.resume();
    socket.end();
    setTimeout(() => socket.destroy(), HANG_UP_MS).unref();
  };
  const source: PacketSource = {
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close(reason) {
      if (socket.destroyed || socket.writableEnded) return;
      protocol.refuse('NetStream.Publish.Idle', reason);
      hangUp();
    },
  };
  const publish = async (app: string, name: string): Promise<void> => {
    if (asked) return;
    asked = true;
    clearTimeout(idle);
    socket.pause();
    try {
      if (app !== RTMP_APP) throw new AppError('stream_key_missing', `the application is ${RTMP_APP}, not ${app.slice(0, 40)}`);
      const admitted = await admit({ stream_key: name.split('?', 1)[0]!, remote_address, request_id, source });
      if (socket.destroyed) return admitted.end(false);
      sink = admitted;
      protocol.acceptPublish();
      for (const packet of waiting.splice(0)) sink.take(packet);
      if (goodbye) sink.end(true);
      else socket.resume();
    } catch (error) {
      const refusal = error instanceof AppError ? error : new AppError('internal');
      if (refusal === error) log.warn({ code: refusal.code, reason: refusal.message }, 'an RTMP encoder was turned away');
      else log.error({ err: error }, 'an RTMP encoder could not be let in');
      if (socket.destroyed) return;
      protocol.refuse('NetStream.Publish.BadName', refusal.message);
      hangUp();
    }
  };
  const protocol = new RtmpProtocol({
    publish: ({ app, name }) => void publish(app, name),
    play() {
      log.warn('playing by RTMP was refused');
      protocol.refuse('NetStream.Play.Failed', 'Streams are watched by WebRTC and HLS.');
      hangUp();
    },
    media(type, timeMs, data) {
      if (!asked || socket.writableEnded) return;
      const packet = parseFlvPacket(type, timeMs, data);
      if (packet === null) return;
      if (sink) sink.take(packet);
      else if (waiting.length < MOST_WAITING) waiting.push(packet);
    },
    goodbye() {
      if (goodbye) return;
      goodbye = true;
      sink?.end(true);
    },
    output(bytes) {
      if (!socket.writable) return;
      socket.write(bytes);
      if (socket.writableLength <= MOST_OUTPUT_BYTES) return;
      log.warn('an RTMP connection does not read what it is answered');
      socket.destroy();
    },
  });
  const idle = setTimeout(() => {
    log.warn('an RTMP connection published nothing');
    socket.destroy();
  }, publishWithinMs);
  idle.unref();

  socket.on('data', (bytes: Buffer) => {
    try {
      protocol.read(bytes);
    } catch (error) {
      log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'an RTMP connection sent what is no RTMP');
      socket.destroy();
    }
  });
  socket.on('error', (error) => log.info({ reason: error.message }, 'an RTMP connection broke'));
  socket.on('close', () => {
    clearTimeout(idle);
    if (!goodbye) sink?.end(false);
  });
}
