import { createSocket } from 'node:dgram';

/** A process of its own that takes RTP on a UDP port of loopback and counts it; SRTP leaves the header readable (RFC 3711). */
export interface SinkCount {
  packets: number;
  /** Streams (SSRCs) of which something came. */
  streams: number;
  /** Missing in the sequence numbers between the first and the last packet of each stream. */
  missing: number;
}

interface Stream {
  first: number;
  last: number;
  cycles: number;
  packets: number;
}

const HALF = 0x8000;
const WHOLE = 0x1_0000;
const RECEIVE_BUFFER = 4 * 1024 ** 2;

let payloadType = -1;
const streams = new Map<number, Stream>();
const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER });

socket.on('message', (packet) => {
  // Reports (RTCP), repetitions and probes share the port.
  if (packet.length < 12 || (packet[1]! & 0x7f) !== payloadType) return;
  const sequence = packet.readUInt16BE(2);
  const ssrc = packet.readUInt32BE(8);
  const stream = streams.get(ssrc);
  if (!stream) {
    streams.set(ssrc, { first: sequence, last: sequence, cycles: 0, packets: 1 });
    return;
  }
  stream.packets += 1;
  const ahead = (sequence - stream.last + WHOLE) % WHOLE;
  if (ahead >= HALF) return;
  if (sequence < stream.last) stream.cycles += 1;
  stream.last = sequence;
});

function count(): SinkCount {
  let [packets, missing] = [0, 0];
  for (const stream of streams.values()) {
    packets += stream.packets;
    missing += stream.cycles * WHOLE + stream.last - stream.first + 1 - stream.packets;
  }
  return { packets, streams: streams.size, missing: Math.max(0, missing) };
}

process.on('message', (message: 'count' | { payload_type: number }) => {
  if (message === 'count') {
    process.send!(count());
    return;
  }
  payloadType = message.payload_type;
  streams.clear();
  process.send!('reset');
});
// Without its parent it has nothing to count.
process.on('disconnect', () => process.exit(0));
socket.bind(0, '127.0.0.1', () => process.send!({ port: socket.address().port }));
