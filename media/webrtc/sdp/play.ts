import type { types } from 'mediasoup';
import { AppError } from '../../../domain/errors.ts';
import { fmtpOf, type SectionAnswer } from './answer.ts';
import type { OfferSection } from './offer.ts';
import { isSameCodec, nameOf, type OfferedCodec } from './offered-codecs.ts';

/** A viewer's section, and the codec of it in which the stream's producer comes. */
export interface PlayedSection {
  section: OfferSection;
  kind: types.MediaKind;
  codec: OfferedCodec;
  /** For the router that sends with the viewer's payload type. */
  routerCodec: types.RouterRtpCodecCapability;
}

/** @throws AppError codec_unsupported where the player does not take what the stream has */
export function playSection(section: OfferSection, producer: types.Producer): PlayedSection {
  const [sent] = producer.rtpParameters.codecs as [types.RtpCodecParameters];
  const codec = section.codecs.find((offered) => isSameCodec(offered, sent));
  if (!codec) throw new AppError('codec_unsupported', `The stream’s ${producer.kind} is ${describe(sent)}, which the player does not offer to take.`);
  return {
    section,
    kind: producer.kind,
    codec,
    routerCodec: {
      kind: producer.kind,
      mimeType: sent.mimeType,
      clockRate: sent.clockRate,
      ...(sent.channels ? { channels: sent.channels } : {}),
      preferredPayloadType: codec.payloadType,
      parameters: formatOf(sent),
    },
  };
}

/**
 * For the router of these payload types. Sound first, however they were offered: mediasoup gives each picture a payload type for its
 * retransmissions from 100 on, and refuses what comes after it with that very number.
 */
export const routerCodecsOf = (played: readonly Pick<PlayedSection, 'kind' | 'routerCodec'>[]): types.RouterRtpCodecCapability[] =>
  [...played].sort((a, b) => Number(a.kind === 'video') - Number(b.kind === 'video')).map(({ routerCodec }) => routerCodec);

/** What of the parameters makes it another codec; the others would only split the viewers. */
function formatOf({ mimeType, parameters = {} }: types.RtpCodecParameters): Record<string, unknown> {
  if (nameOf(mimeType) !== 'h264') return {};
  const given = parameters as Record<string, unknown>;
  return { 'packetization-mode': given['packetization-mode'] ?? 0, 'profile-level-id': given['profile-level-id'] ?? '42e01f', 'level-asymmetry-allowed': 1 };
}

const describe = ({ mimeType, parameters = {} }: types.RtpCodecParameters): string =>
  nameOf(mimeType) === 'h264' ? `H.264 (profile-level-id ${String((parameters as Record<string, unknown>)['profile-level-id'])})` : mimeType;

/**
 * What the player can take, as mediasoup wants it. Header extensions only where the player gives them the very number that mediasoup
 * writes: it can not write another, and what is not agreed on is passed over (RFC 8285, 5).
 */
export function playerCapabilities({ section, kind, codec, routerCodec }: PlayedSection, router: types.RtpCapabilities): types.RtpCapabilities {
  return {
    codecs: [{ kind, mimeType: routerCodec.mimeType, preferredPayloadType: codec.payloadType, clockRate: routerCodec.clockRate, channels: routerCodec.channels, parameters: routerCodec.parameters ?? {}, rtcpFeedback: [...codec.feedback] }],
    headerExtensions: (router.headerExtensions ?? []).filter((each) => each.kind === kind && section.extensions.some(({ id, uri }) => id === each.preferredId && uri === each.uri)),
  };
}

/**
 * Without SSRCs on purpose: an encoder that comes back has another one, and a browser shows only the one that it was told, but whichever comes
 * where it was told none.
 */
export function answerPlayer({ codec, routerCodec }: PlayedSection, consumer: Pick<types.Consumer, 'rtpParameters' | 'kind'>): SectionAnswer {
  const { headerExtensions = [], codecs } = consumer.rtpParameters;
  const spelled = routerCodec.mimeType.slice(routerCodec.mimeType.indexOf('/') + 1);
  const config = fmtpOf(codec.name === 'opus' ? { ...codec.parameters, stereo: 1, 'sprop-stereo': 1 } : codec.parameters);
  return {
    direction: 'sendonly',
    payloads: String(codec.payloadType),
    rtp: [{ payload: codec.payloadType, codec: spelled, rate: codec.clockRate, ...(codec.channels > 1 ? { encoding: codec.channels } : {}) }],
    fmtp: config === '' ? [] : [{ payload: codec.payloadType, config }],
    rtcpFb: (codecs[0]?.rtcpFeedback ?? []).map(({ type, parameter }) => ({ payload: codec.payloadType, type, ...(parameter ? { subtype: parameter } : {}) })),
    ext: headerExtensions.map(({ id, uri }) => ({ value: id, uri })),
    msid: [{ id: 'stream', appdata: consumer.kind }],
  };
}
