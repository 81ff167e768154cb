import type { types } from 'mediasoup';
import type { MediaDescription } from 'sdp-transform';
import { AppError } from '../../../domain/errors.ts';
import { ascendingRids } from '../../../domain/streaming/simulcast-order.ts';
import { CODECS_TAKEN } from '../codecs.ts';
import { invalid, type OfferSection } from './offer.ts';
import { isSameCodec, rtxOf, type OfferedCodec } from './offered-codecs.ts';

/** A section that is taken from a client: what to produce, and what the answer repeats. */
export interface TakenSection {
  section: OfferSection;
  kind: types.MediaKind;
  codec: OfferedCodec;
  rtx: OfferedCodec | null;
  /** Layers of a simulcast, smallest first; empty: there is one. */
  rids: readonly string[];
  rtpParameters: types.RtpParameters;
}

const MOST_LAYERS = 4;
const MOST_SSRC = 0xffff_ffff;
const RID = /^[\w-]{1,16}$/;
const TRANSPORT_CC = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
const ABS_SEND_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time';
const MID_URI = 'urn:ietf:params:rtp-hdrext:sdes:mid';
const RID_URI = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id';

/**
 * What of a client's section goes into the router. Of several codecs ours is chosen, not the client's first: H.264 before VP8, since
 * every player and HLS take it as it is.
 * @throws AppError sdp_invalid, codec_unsupported
 */
export function takeSection(section: OfferSection, kind: types.MediaKind, capabilities: types.RtpCapabilities): TakenSection {
  const { codec, routerCodec } = chooseCodec(section, kind, capabilities);
  const rtx = rtxOf(section.codecs, codec.payloadType);
  const headerExtensions = acceptedExtensions(section, kind, capabilities);
  const uris = headerExtensions.map(({ uri }) => uri as string);
  const rids = ridsOf(section.media, uris);
  const rtpParameters: types.RtpParameters = {
    ...(section.mid === null ? {} : { mid: section.mid }),
    codecs: [{ ...wireCodec(codec, routerCodec.mimeType), rtcpFeedback: acceptedFeedback(codec, routerCodec, uris) }, ...(rtx ? [wireCodec(rtx, `${kind}/rtx`)] : [])],
    headerExtensions,
    encodings: rids.length > 0 ? rids.map((rid) => ({ rid })) : [ssrcEncoding(section, uris, rtx !== null)],
    rtcp: { cname: cnameOf(section.media), reducedSize: section.media.rtcpRsize !== undefined },
  };
  return { section, kind, codec, rtx, rids, rtpParameters };
}

function chooseCodec(section: OfferSection, kind: types.MediaKind, { codecs = [] }: types.RtpCapabilities): { codec: OfferedCodec; routerCodec: types.RtpCodecCapability } {
  for (const routerCodec of codecs) {
    if (routerCodec.kind !== kind) continue;
    const codec = section.codecs.find((offered) => offered.name !== 'rtx' && isSameCodec(offered, routerCodec));
    if (codec) return { codec, routerCodec };
  }
  const names = [...new Set(section.codecs.map(({ name }) => name))].slice(0, 10).join(', ');
  throw new AppError('codec_unsupported', `${kind}: ${names || 'nothing'} was offered; taken are ${CODECS_TAKEN}.`);
}

const wireCodec = ({ payloadType, clockRate, channels, parameters }: OfferedCodec, mimeType: string): types.RtpCodecParameters => ({
  mimeType,
  payloadType,
  clockRate,
  ...(channels > 1 ? { channels } : {}),
  parameters,
});

function acceptedExtensions(section: OfferSection, kind: types.MediaKind, { headerExtensions = [] }: types.RtpCapabilities): types.RtpHeaderExtensionParameters[] {
  const taken = (uri: string): types.RtpHeaderExtension | undefined =>
    headerExtensions.find((each) => each.uri === uri && each.kind === kind && (each.direction === 'sendrecv' || each.direction === 'recvonly'));
  return section.extensions.flatMap(({ id, uri }) => {
    const known = taken(uri);
    return known ? [{ id, uri: known.uri }] : [];
  });
}

/** One way to measure the bandwidth: by transport-cc where the packets carry its number, by REMB where they carry the time. */
function acceptedFeedback({ feedback }: OfferedCodec, { rtcpFeedback = [] }: types.RtpCodecCapability, uris: readonly string[]): types.RtcpFeedback[] {
  const measure = uris.includes(TRANSPORT_CC) ? 'transport-cc' : uris.includes(ABS_SEND_TIME) ? 'goog-remb' : null;
  return rtcpFeedback.filter(({ type, parameter = '' }) => {
    if ((type === 'transport-cc' || type === 'goog-remb') && type !== measure) return false;
    return feedback.some((offered) => offered.type === type && offered.parameter === parameter);
  });
}

/** RFC 8853; a choice between two (a comma) is settled for the first. @throws AppError sdp_invalid */
function ridsOf({ simulcast }: MediaDescription, uris: readonly string[]): string[] {
  const list = simulcast && (simulcast.dir1 === 'send' ? simulcast.list1 : simulcast.dir2 === 'send' ? simulcast.list2 : undefined);
  if (list === undefined) return [];
  const rids = String(list)
    .split(';')
    .map((choice) => choice.split(',')[0]!.replace(/^~/, ''));
  if (rids.length > MOST_LAYERS || new Set(rids).size < rids.length || !rids.every((rid) => RID.test(rid))) throw invalid(`a=simulcast must list up to ${MOST_LAYERS} different layers`);
  if (!uris.includes(MID_URI) || !uris.includes(RID_URI)) throw invalid('simulcast needs the header extensions sdes:mid and sdes:rtp-stream-id');
  return ascendingRids(rids);
}

/** @throws AppError sdp_invalid where the packets could not be told from the other section's */
function ssrcEncoding({ media, mid, kind }: OfferSection, uris: readonly string[], hasRtx: boolean): types.RtpEncodingParameters {
  const pairs = (media.ssrcGroups ?? []).filter(({ semantics }) => semantics === 'FID').map(({ ssrcs }) => String(ssrcs).split(' ').map(Number));
  const [ssrc, repair] = pairs[0] ?? [media.ssrcs?.[0]?.id];
  if (ssrc === undefined) {
    if (mid !== null && uris.includes(MID_URI)) return {};
    throw invalid(`the ${kind} section has neither a=ssrc nor the header extension sdes:mid`);
  }
  if (!isSsrc(ssrc) || (repair !== undefined && (!isSsrc(repair) || repair === ssrc))) throw invalid(`an a=ssrc of the ${kind} section is no number below 2^32, or twice the same`);
  return { ssrc, ...(repair !== undefined && hasRtx ? { rtx: { ssrc: repair } } : {}) };
}

const isSsrc = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0 && (value as number) <= MOST_SSRC;

function cnameOf({ ssrcs = [] }: MediaDescription): string {
  const cname = ssrcs.find(({ attribute }) => attribute === 'cname')?.value;
  return String(cname ?? 'encoder').slice(0, 64);
}

/** Streams must not share a number: mediasoup tells packets apart by it. @throws AppError sdp_invalid */
export function checkDistinct(taken: readonly TakenSection[]): void {
  const ssrcs = taken.flatMap(({ rtpParameters }) => (rtpParameters.encodings ?? []).flatMap(({ ssrc, rtx }) => [ssrc, rtx?.ssrc])).filter((ssrc) => ssrc !== undefined);
  if (new Set(ssrcs).size < ssrcs.length) throw invalid('sound and picture have the same a=ssrc');
}
