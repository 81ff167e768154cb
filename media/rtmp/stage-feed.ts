import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { types } from 'mediasoup';
import type { LiveSession } from '../live-session.ts';
import { RECEIVE_BUFFER_BYTES } from '../webrtc/listen.ts';
import { RtpLine } from './rtp-line.ts';

export interface StageFeedOptions {
  session: LiveSession;
  /** The stage's worker died and producing anew failed; nothing can be done but end. */
  onFailed: (error: unknown) => void;
}

/** Bytes that wait to be sent to the media worker; beyond that packets are lost, as on any network. */
const MOST_QUEUED = 4 * 1024 * 1024;
const LINES = {
  audio: { ssrc: 0x5210_0001, payloadType: 100, clockRate: 48_000 },
  video: { ssrc: 0x5210_0002, payloadType: 101, clockRate: 90_000 },
} as const;
const CODECS: Record<types.MediaKind, types.RtpCodecParameters> = {
  audio: { mimeType: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: LINES.audio.payloadType, parameters: { 'sprop-stereo': 1, useinbandfec: 1 } },
  // Said to be constrained baseline also where it is more: every browser offers that, and decodes the others too.
  video: { mimeType: 'video/H264', clockRate: 90_000, payloadType: LINES.video.payloadType, parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f', 'level-asymmetry-allowed': 1 } },
};

/**
 * Brings RTP of this process into a session's stage: one socket, one producer a kind. Both outlive the sender of the RTP, and
 * are made anew where the stage's worker died; whoever sends notices neither.
 */
export class StageFeed {
  readonly #options: StageFeedOptions;
  readonly #lines = { audio: new RtpLine(LINES.audio), video: new RtpLine(LINES.video) };
  readonly #kinds = new Set<types.MediaKind>();
  readonly #stopListening: () => void;
  #socket: Socket | null = null;
  #transport: types.PlainTransport | null = null;
  #attaching: Promise<void> | null = null;
  #closed = false;
  #lastAt: number | null = null;

  constructor(options: StageFeedOptions) {
    this.#options = options;
    this.#stopListening = options.session.stage.on('reset', () => {
      this.#detach();
      this.#attach().catch(options.onFailed);
    });
  }

  /** When the last packet was sent: performance.now(); null: none yet. */
  get lastAt(): number | null {
    return this.#lastAt;
  }

  /** Makes producers for these kinds, where they are not there yet; one that is not wanted any more goes. */
  async open(kinds: ReadonlySet<types.MediaKind>): Promise<void> {
    await this.#attaching;
    const gone = [...this.#kinds].some((kind) => !kinds.has(kind));
    const more = [...kinds].some((kind) => !this.#kinds.has(kind));
    if (!gone && !more) return;
    this.#kinds.clear();
    for (const kind of kinds) this.#kinds.add(kind);
    this.#detach();
    await this.#attach();
  }

  /** The next packets are those of another sender. */
  restart(): void {
    this.#lines.audio.restart();
    this.#lines.video.restart();
  }

  /** Whether every kind flows from the present sender. */
  get flowing(): boolean {
    return this.#kinds.size > 0 && [...this.#kinds].every((kind) => this.#lines[kind].flowing);
  }

  media(kind: types.MediaKind, packet: Buffer): void {
    this.#lastAt = performance.now();
    for (const each of this.#lines[kind].media(packet, this.#lastAt)) this.#send(each);
  }

  control(kind: types.MediaKind, packet: Buffer): void {
    for (const each of this.#lines[kind].control(packet)) this.#send(each);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopListening();
    this.#detach();
  }

  #send(packet: Buffer): void {
    if (!this.#socket || this.#socket.getSendQueueSize() > MOST_QUEUED) return;
    this.#socket.send(packet);
  }

  #detach(): void {
    this.#transport?.close();
    this.#socket?.close();
    this.#transport = null;
    this.#socket = null;
  }

  #attach(): Promise<void> {
    const attaching = (this.#attaching ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#produce())
      .finally(() => {
        if (this.#attaching === attaching) this.#attaching = null;
      });
    this.#attaching = attaching;
    return attaching;
  }

  async #produce(): Promise<void> {
    if (this.#closed || this.#kinds.size === 0) return;
    const { stage, id } = this.#options.session;
    const { origin } = stage;
    // What is sent comes from one socket of ours, so that RTP and RTCP may share a port.
    const transport = await origin.createPlainTransport({ listenInfo: { protocol: 'udp', ip: '127.0.0.1', recvBufferSize: RECEIVE_BUFFER_BYTES }, rtcpMux: true, comedia: true }).catch((error: unknown) => {
      if (origin.closed) return null;
      throw error;
    });
    // The stage moves: its reset comes.
    if (transport === null) return;
    try {
      const producers = await Promise.all(
        [...this.#kinds].map((kind) => transport.produce({ kind, rtpParameters: { codecs: [CODECS[kind]], encodings: [{ ssrc: LINES[kind].ssrc }], rtcp: { cname: id } } })),
      );
      const socket = createSocket('udp4');
      // Only a port that was closed meanwhile refuses: the stage tells of that itself.
      socket.on('error', () => undefined);
      socket.connect(transport.tuple.localPort, '127.0.0.1');
      await once(socket, 'connect');
      if (this.#closed) {
        socket.close();
        transport.close();
        return;
      }
      this.#transport = transport;
      this.#socket = socket;
      for (const producer of producers) stage.add({ producer, participant_id: id, main: true });
    } catch (error) {
      transport.close();
      if (!origin.closed) throw error;
    }
  }
}
