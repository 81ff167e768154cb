import type { types } from 'mediasoup';
import type { EgressMedia } from './egress-sdp.ts';
import { takePortPair, type PortPair } from './udp-ports.ts';

/** One producer's media on its way to ffmpeg. */
export interface Tap {
  media: EgressMedia;
  consumer: types.Consumer;
  /** Transport, consumer and ports. Idempotent. */
  close(): void;
}

const LOOPBACK = '127.0.0.1';
/** Where nobody listens: RFC 863. */
const DISCARD_PORT = 9;

/** Opens a way for each producer, paused. @throws where a router is gone; nothing stays open then */
export async function openTaps(router: types.Router, producers: readonly types.Producer[]): Promise<Tap[]> {
  const results = await Promise.allSettled(producers.map((producer) => openTap(router, producer)));
  const taps = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (!failed) return taps;
  for (const tap of taps) tap.close();
  throw failed.reason;
}

async function openTap(router: types.Router, producer: types.Producer): Promise<Tap> {
  const ports = await takePortPair();
  let transport: types.PlainTransport | null = null;
  const close = (): void => {
    transport?.close();
    ports.release();
  };
  try {
    // ffmpeg takes RTP and RTCP on ports of their own.
    transport = await router.createPlainTransport({ listenInfo: { protocol: 'udp', ip: LOOPBACK }, rtcpMux: false, comedia: false });
    // From its first sender report on, ffmpeg puts a stream on the report's clock: times leap, and sound becomes a mess for a second.
    // Begun together, sound and video stay together without.
    await transport.connect({ ip: LOOPBACK, port: ports.rtp, rtcpPort: DISCARD_PORT });
    const consumer = await transport.consume({ producerId: producer.id, rtpCapabilities: withoutRepairs(router.rtpCapabilities), paused: true });
    return { media: mediaOf(consumer, ports), consumer, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** ffmpeg asks for nothing again, and on loopback nothing is lost. */
function withoutRepairs({ codecs = [] }: types.RtpCapabilities): types.RtpCapabilities {
  return {
    codecs: codecs.filter(({ mimeType }) => !/\/rtx$/i.test(mimeType)).map((codec) => ({ ...codec, rtcpFeedback: (codec.rtcpFeedback ?? []).filter(({ type, parameter }) => type === 'nack' && parameter === 'pli') })),
    headerExtensions: [],
  };
}

const mediaOf = ({ kind, rtpParameters }: types.Consumer, { rtp }: PortPair): EgressMedia => ({ kind, codec: rtpParameters.codecs[0]!, port: rtp });
