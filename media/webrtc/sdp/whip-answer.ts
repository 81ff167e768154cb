import type { types } from 'mediasoup';
import { atHighestLevel } from '../../../domain/streaming/h264-profile.ts';
import { fmtpOf, type SectionAnswer } from './answer.ts';
import type { TakenSection } from './publish.ts';

/** What an encoder's section is answered with: the one codec that is taken, and how it is taken. */
export function answerPublisher({ codec, rtx, rids, rtpParameters }: TakenSection): SectionAnswer {
  const [main] = rtpParameters.codecs as [types.RtpCodecParameters];
  const spelled = main.mimeType.slice(main.mimeType.indexOf('/') + 1);
  return {
    direction: 'recvonly',
    payloads: [codec.payloadType, ...(rtx ? [rtx.payloadType] : [])].join(' '),
    rtp: [
      { payload: codec.payloadType, codec: spelled, rate: codec.clockRate, ...(codec.channels > 1 ? { encoding: codec.channels } : {}) },
      ...(rtx ? [{ payload: rtx.payloadType, codec: 'rtx', rate: rtx.clockRate }] : []),
    ],
    fmtp: [{ payload: codec.payloadType, config: fmtpOf(wished(codec.name, codec.parameters)) }, ...(rtx ? [{ payload: rtx.payloadType, config: `apt=${codec.payloadType}` }] : [])].filter(({ config }) => config !== ''),
    rtcpFb: (main.rtcpFeedback ?? []).map(({ type, parameter }) => ({ payload: codec.payloadType, type, ...(parameter ? { subtype: parameter } : {}) })),
    ext: (rtpParameters.headerExtensions ?? []).map(({ id, uri }) => ({ value: id, uri })),
    ...(rids.length > 0 ? { rids: rids.map((id) => ({ id, direction: 'recv' })), simulcast: { dir1: 'recv', list1: rids.join(';') } } : {}),
  };
}

/** What we would like to get: stereo with error correction, and pictures of any size (RFC 6184, 8.2.2: the level is ours to name where it may differ). */
function wished(name: string, parameters: Record<string, string | number>): Record<string, string | number> {
  if (name === 'opus') return { minptime: 10, useinbandfec: 1, stereo: 1, 'sprop-stereo': 1 };
  if (name !== 'h264') return parameters;
  const id = String(parameters['profile-level-id'] ?? '') || undefined;
  const mayDiffer = Number(parameters['level-asymmetry-allowed'] ?? 0) === 1;
  return { ...parameters, ...(mayDiffer ? { 'profile-level-id': atHighestLevel(id) } : {}) };
}
