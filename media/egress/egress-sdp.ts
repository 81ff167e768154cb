import type { types } from 'mediasoup';

export interface EgressMedia {
  kind: types.MediaKind;
  codec: types.RtpCodecParameters;
  /** Where ffmpeg listens for its RTP; RTCP is one above. */
  port: number;
}

const LOOPBACK = '127.0.0.1';

/**
 * What ffmpeg is to receive. It listens on all addresses of the machine, so the source filter (RFC 4570) has it take nothing from
 * elsewhere.
 */
export function egressSdp(medias: readonly EgressMedia[]): string {
  const lines = ['v=0', `o=- 0 0 IN IP4 ${LOOPBACK}`, 's=egress', `c=IN IP4 ${LOOPBACK}`, 't=0 0'];
  for (const { kind, codec, port } of medias) {
    const { payloadType, mimeType, clockRate, channels } = codec;
    const parameters = Object.entries((codec.parameters ?? {}) as Record<string, string | number>).map(([name, value]) => `${name}=${value}`);
    lines.push(
      `m=${kind} ${port} RTP/AVP ${payloadType}`,
      `a=source-filter: incl IN IP4 ${LOOPBACK} ${LOOPBACK}`,
      `a=rtpmap:${payloadType} ${mimeType.split('/')[1]}/${clockRate}${channels && channels > 1 ? `/${channels}` : ''}`,
      ...(parameters.length > 0 ? [`a=fmtp:${payloadType} ${parameters.join(';')}`] : []),
      'a=recvonly',
    );
  }
  return `${lines.join('\r\n')}\r\n`;
}
