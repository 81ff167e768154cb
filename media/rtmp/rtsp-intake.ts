import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface RtspIntakeOptions {
  /** `stream`: the how manieth of the sender's. */
  onMedia: (stream: number, packet: Buffer) => void;
  onControl: (stream: number, packet: Buffer) => void;
}

export interface RtspIntake {
  /** Where one sender may record to. */
  readonly url: string;
  close(): void;
}

const LONGEST_REQUEST = 64 * 1024;
const INTERLEAVED = 0x24;

/**
 * The least of an RTSP server that takes one recording over TCP (RFC 2326, section 10.12): ffmpeg's RTP arrives without loss,
 * however busy this process is, and ffmpeg is slowed down where it is not read. Loopback only, by a path that is a secret.
 */
export async function openRtspIntake({ onMedia, onControl }: RtspIntakeOptions): Promise<RtspIntake> {
  const path = `/${randomBytes(16).toString('hex')}`;
  let sender: Socket | null = null;
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    // The sender's own end says what was.
    socket.on('error', () => socket.destroy());
    const reader = new RtspReader({
      onPacket: (channel, packet) => (channel % 2 === 0 ? onMedia : onControl)(channel >> 1, packet),
      onRequest(request) {
        if (!request.target.includes(path) || (sender !== null && sender !== socket)) return void socket.destroy();
        sender = socket;
        socket.write(answer(request));
      },
    });
    socket.on('data', (bytes) => {
      if (!reader.read(bytes)) socket.destroy();
    });
  });
  server.maxConnections = 2;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `rtsp://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    close() {
      server.close();
      sender?.destroy();
    },
  };
}

interface RtspRequest {
  method: string;
  target: string;
  headers: ReadonlyMap<string, string>;
}

interface RtspReaderEvents {
  onPacket: (channel: number, packet: Buffer) => void;
  onRequest: (request: RtspRequest) => void;
}

/** Parts requests and interleaved packets (RFC 2326, section 10.12). */
export class RtspReader {
  readonly #events: RtspReaderEvents;
  #rest: Buffer = Buffer.alloc(0);

  constructor(events: RtspReaderEvents) {
    this.#events = events;
  }

  /** @returns false on what is no RTSP */
  read(bytes: Buffer): boolean {
    let buffer = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const size = buffer[0] === INTERLEAVED ? this.#packet(buffer) : this.#request(buffer);
      if (size === 0) break;
      buffer = buffer.subarray(size);
    }
    this.#rest = buffer;
    return buffer.length <= LONGEST_REQUEST + 4;
  }

  /** @returns how many bytes were used; 0: not all is there */
  #packet(buffer: Buffer): number {
    if (buffer.length < 4) return 0;
    const size = 4 + buffer.readUInt16BE(2);
    if (buffer.length < size) return 0;
    this.#events.onPacket(buffer[1]!, buffer.subarray(4, size));
    return size;
  }

  #request(buffer: Buffer): number {
    const end = buffer.indexOf('\r\n\r\n');
    if (end < 0) return 0;
    const [first = '', ...lines] = buffer.toString('latin1', 0, end).split('\r\n');
    const [method = '', target = ''] = first.split(' ');
    const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
    const size = end + 4 + Math.max(0, Number(headers.get('content-length')) || 0);
    if (buffer.length < size) return 0;
    this.#events.onRequest({ method, target, headers });
    return size;
  }
}

function answer({ method, headers }: RtspRequest): string {
  const lines = ['RTSP/1.0 200 OK', `CSeq: ${headers.get('cseq') ?? '0'}`, 'Session: bridge'];
  if (method === 'OPTIONS') lines.push('Public: OPTIONS, ANNOUNCE, SETUP, RECORD, TEARDOWN');
  // The channels are the sender's choice: 0-1 for its first stream, 2-3 for its second.
  if (method === 'SETUP') lines.push(`Transport: ${headers.get('transport') ?? ''}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
