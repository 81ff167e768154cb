import amf from 'node-media-server/src/protocol/amf.js';
import nmsLogger from 'node-media-server/src/core/logger.js';
import Rtmp, { type InvokeMessage } from 'node-media-server/src/protocol/rtmp.js';

const KIB = 1024;
const LARGEST_COMMAND = 64 * KIB;
/** A keyframe at 4K and 60 Mbit/s is about 3 MiB. */
const LARGEST_FRAME = 8 * KIB * KIB;
const LARGEST_CHUNK = 16 * KIB * KIB;
/** Encoders use three to six at once. */
const MOST_CHUNK_STREAMS = 16;
const WINDOW = 5_000_000;
const CHUNK_SIZE_MESSAGE = 1;
const AMF3_COMMAND = 17;
const GOODBYES = new Set<unknown>(['FCUnpublish', 'deleteStream', 'closeStream']);

// It writes stream keys and what strangers send to the standard output.
nmsLogger.log = () => undefined;

export interface RtmpEvents {
  /** Must be answered by `acceptPublish` or `refuse`. */
  publish(request: { app: string; name: string }): void;
  play(): void;
  /** One message of sound (8), picture (9) or data (18). `data` is only valid during the call. */
  media(type: number, timeMs: number, data: Buffer): void;
  /** The encoder says that it is done. */
  goodbye(): void;
  output(bytes: Buffer): void;
}

/**
 * The server's side of RTMP on one connection: node-media-server's reading and writing, with bounds to what a peer may make us
 * keep, and with an answer to `publish` that may take its time. https://rtmp.veriskope.com/docs/spec/
 */
export class RtmpProtocol extends Rtmp {
  readonly #events: RtmpEvents;
  #trusted = false;
  #connected = false;
  #received = 0;
  #acknowledged = 0;

  constructor(events: RtmpEvents) {
    super();
    this.#events = events;
    this.onOutputCallback = (bytes) => events.output(bytes);
  }

  /** @throws on what is no RTMP, or beyond the bounds */
  read(bytes: Buffer): void {
    const fault = this.parserData(bytes);
    if (fault !== null) throw new Error(fault);
    this.#received += bytes.length;
    if (this.#received - this.#acknowledged < (this.ackSize ?? WINDOW) / 2) return;
    this.#acknowledged = this.#received;
    this.sendACK(this.#received % 2 ** 32);
  }

  acceptPublish(): void {
    this.#trusted = true;
    this.sendStatusMessage(this.streamId, 'status', 'NetStream.Publish.Start', 'Publishing.');
  }

  refuse(code: 'NetStream.Publish.BadName' | 'NetStream.Play.Failed' | 'NetStream.Publish.Idle', description: string): void {
    this.sendStatusMessage(this.streamId, 'error', code, description);
  }

  override packetAlloc(): void {
    const { length, type } = this.parserPacket.header;
    const most = this.#trusted && (type === 8 || type === 9) ? LARGEST_FRAME : LARGEST_COMMAND;
    if (length > most) throw new Error(`a message of ${length} bytes`);
    if (this.inPackets.size > MOST_CHUNK_STREAMS) throw new Error(`more than ${MOST_CHUNK_STREAMS} chunk streams`);
    // Times are of 32 bits and wrap after 49.7 days; it adds without end, and drops whatever is beyond.
    this.parserPacket.clock %= 2 ** 32;
    super.packetAlloc();
  }

  override controlHandler(): void {
    const { header, payload } = this.parserPacket;
    if (header.length < 4) return;
    const size = payload.readUInt32BE();
    if (header.type === CHUNK_SIZE_MESSAGE && (size < 1 || size > LARGEST_CHUNK)) throw new Error(`a chunk size of ${size}`);
    super.controlHandler();
  }

  override invokeHandler(): void {
    const { header, payload } = this.parserPacket;
    const message = amf.decodeAmf0Cmd(payload.subarray(header.type === AMF3_COMMAND ? 1 : 0, header.length));
    if (GOODBYES.has(message.cmd)) this.#events.goodbye();
    else super.invokeHandler();
  }

  override dataHandler(): void {
    const { header, payload, clock } = this.parserPacket;
    if (header.length > 1) this.#events.media(header.type, clock, payload.subarray(0, header.length));
  }

  override onConnect({ cmdObj, transId }: InvokeMessage): void {
    if (this.#connected) throw new Error('a second connect');
    this.#connected = true;
    const { app, objectEncoding } = (cmdObj ?? {}) as { app?: unknown; objectEncoding?: unknown };
    this.streamApp = typeof app === 'string' ? app : '';
    this.objectEncoding = typeof objectEncoding === 'number' ? objectEncoding : 0;
    this.sendWindowACK(WINDOW);
    this.setPeerBandwidth(WINDOW, 2);
    this.setChunkSize(this.outChunkSize);
    this.respondConnect(transId);
  }

  override onPublish({ streamName }: InvokeMessage): void {
    this.streamId = this.parserPacket.header.stream_id;
    this.#events.publish({ app: this.streamApp ?? '', name: typeof streamName === 'string' ? streamName : '' });
  }

  override onPlay(): void {
    this.streamId = this.parserPacket.header.stream_id;
    this.#events.play();
  }
}
