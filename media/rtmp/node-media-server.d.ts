// What we use of node-media-server 4.4.3, which has no types: its reading and writing of RTMP chunks, AMF0 and FLV.
declare module 'node-media-server/src/protocol/rtmp.js' {
  export interface RtmpPacket {
    header: { fmt: number; cid: number; timestamp: number; length: number; type: number; stream_id: number };
    /** Milliseconds. */
    clock: number;
    /** May be longer than header.length. */
    payload: Buffer;
    bytes: number;
  }
  export interface InvokeMessage {
    cmd?: unknown;
    transId?: unknown;
    cmdObj?: unknown;
    streamName?: unknown;
  }
  export default class Rtmp {
    parserPacket: RtmpPacket;
    inPackets: Map<number, RtmpPacket>;
    inChunkSize: number;
    outChunkSize: number;
    ackSize?: number;
    streamApp: string;
    streamName: string;
    streamId: number;
    objectEncoding: number;
    onOutputCallback: (bytes: Buffer) => void;
    /** @returns what is wrong with the bytes */
    parserData(bytes: Buffer): string | null;
    packetAlloc(): void;
    controlHandler(): void;
    invokeHandler(): void;
    dataHandler(): void;
    onConnect(message: InvokeMessage): void;
    onPublish(message: InvokeMessage): void;
    onPlay(message: InvokeMessage): void;
    sendACK(size: number): void;
    sendWindowACK(size: number): void;
    setPeerBandwidth(size: number, type: number): void;
    setChunkSize(size: number): void;
    sendStatusMessage(streamId: number, level: 'status' | 'error', code: string, description: string): void;
    respondConnect(transactionId: unknown): void;
    respondPublish(): void;
  }
}

declare module 'node-media-server/src/protocol/amf.js' {
  const amf: {
    decodeAmf0Cmd(bytes: Buffer): import('node-media-server/src/protocol/rtmp.js').InvokeMessage;
    decodeAmf0Data(bytes: Buffer): { cmd?: unknown; dataObj?: unknown };
  };
  export default amf;
}

declare module 'node-media-server/src/core/logger.js' {
  const logger: { log(message: string, level?: string): void };
  export default logger;
}
