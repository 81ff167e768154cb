import type { types } from 'mediasoup';
import { write, type MediaDescription, type SessionDescription } from 'sdp-transform';
import type { Offer, OfferSection } from './offer.ts';

/** What our side says of itself. */
export interface AnswerTransport {
  iceParameters: types.IceParameters;
  iceCandidates: readonly types.IceCandidate[];
  dtlsParameters: types.DtlsParameters;
}

export type SectionAnswer = Pick<MediaDescription, 'direction' | 'rtp' | 'fmtp' | 'rtcpFb' | 'ext' | 'rids' | 'simulcast' | 'ssrcs' | 'msid'> & { payloads: string };

/**
 * The answer's text: as many sections as the offer, those without an answer rejected (RFC 3264, 6).
 * @param answers by the offer's section
 */
export function writeAnswer(offer: Offer, transport: AnswerTransport, answers: ReadonlyMap<OfferSection, SectionAnswer>): string {
  const mids = offer.sections.filter((section) => answers.has(section)).map(({ mid }) => mid);
  const description: SessionDescription = {
    version: 0,
    origin: { username: '-', sessionId: '1', sessionVersion: 1, netType: 'IN', ipVer: 4, address: '0.0.0.0' },
    name: '-',
    timing: { start: 0, stop: 0 },
    icelite: 'ice-lite',
    ...(mids.includes(null) ? {} : { groups: [{ type: 'BUNDLE', mids: mids.join(' ') }] }),
    msidSemantic: { semantic: 'WMS', token: '*' },
    media: offer.sections.map((section) => {
      const answer = answers.get(section);
      return answer ? accepted(section, answer, offer, transport) : rejected(section);
    }),
  };
  return write(description);
}

function accepted({ mid, media }: OfferSection, answer: SectionAnswer, { setup }: Offer, { iceParameters, iceCandidates, dtlsParameters }: AnswerTransport): MediaDescription {
  const fingerprint = dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256') ?? dtlsParameters.fingerprints[0]!;
  return {
    type: media.type,
    port: 9,
    protocol: media.protocol,
    connection: { version: 4, ip: '0.0.0.0' },
    ...(mid === null ? {} : { mid }),
    rtcpMux: 'rtcp-mux',
    ...(media.rtcpRsize === undefined ? {} : { rtcpRsize: media.rtcpRsize }),
    setup,
    iceUfrag: iceParameters.usernameFragment,
    icePwd: iceParameters.password,
    fingerprint: { type: fingerprint.algorithm, hash: fingerprint.value },
    candidates: iceCandidates.map(candidateOf),
    endOfCandidates: 'end-of-candidates',
    ...answer,
  };
}

export const candidateOf = ({ foundation, protocol, priority, address, port, type, tcpType }: types.IceCandidate): NonNullable<MediaDescription['candidates']>[number] => ({
  foundation,
  component: 1,
  transport: protocol,
  priority,
  ip: address,
  port,
  type,
  ...(tcpType ? { tcptype: tcpType } : {}),
});

function rejected({ mid, media }: OfferSection): MediaDescription {
  return {
    type: media.type,
    port: 0,
    protocol: media.protocol,
    payloads: String(media.payloads ?? '0'),
    connection: { version: 4, ip: '0.0.0.0' },
    ...(mid === null ? {} : { mid }),
    direction: 'inactive',
    rtp: [],
    fmtp: [],
  };
}

export const fmtpOf = (parameters: Record<string, unknown>): string =>
  Object.entries(parameters)
    .map(([key, value]) => (value === '' ? key : `${key}=${String(value)}`))
    .join(';');
