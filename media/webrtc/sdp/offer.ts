import type { types } from 'mediasoup';
import { parse, type MediaDescription, type SessionDescription } from 'sdp-transform';
import { AppError } from '../../../domain/errors.ts';
import { offeredCodecs, type OfferedCodec } from './offered-codecs.ts';
import { readSecurity, type IceCredentials, type Security } from './security.ts';

/** What a client asks for, checked as far as the text itself goes. */
export interface Offer extends Security {
  /** All of them, in the offer's order: the answer has as many. */
  sections: readonly OfferSection[];
}

export interface OfferSection {
  /** null: the client gives none, and has this one section only. */
  mid: string | null;
  /** null: neither sound nor picture. */
  kind: types.MediaKind | null;
  /** What the client does with it, as it says it. */
  sends: boolean;
  receives: boolean;
  codecs: readonly OfferedCodec[];
  extensions: readonly { id: number; uri: string }[];
  media: MediaDescription;
}

export type { IceCredentials };

const MOST_SECTIONS = 16;
const MID = /^[\w!#$%&'*+.^`{|}~-]{1,32}$/;

export const invalid = (detail: string): AppError => new AppError('sdp_invalid', detail);

/** @throws AppError sdp_invalid that says what is wrong */
export function readOffer(text: string): Offer {
  if (!/^v=0\r?\n/.test(text)) throw invalid('the first line is not v=0');
  const session = parsed(text);
  if (session.media.length === 0) throw invalid('there is no m= line');
  if (session.media.length > MOST_SECTIONS) throw invalid(`there are more than ${MOST_SECTIONS} m= lines`);
  const sections = session.media.map((media) => sectionOf(media, session));
  const used = sections.filter(({ kind }) => kind !== null);
  if (used.length === 0) throw invalid('there is no section for sound or picture');
  for (const kind of ['audio', 'video'] as const) {
    if (used.filter((section) => section.kind === kind).length > 1) throw invalid(`there is more than one ${kind} section`);
  }
  checkBundle(session, used);
  return { sections, ...readSecurity(session, used.map(({ media }) => media)) };
}

function parsed(text: string): SessionDescription {
  try {
    const session = parse(text);
    // Also what stands before the first m= line has no fmtp or rtpmap: the type says so, the parser does not.
    return { ...session, media: session.media ?? [] };
  } catch (error) {
    throw new AppError('sdp_invalid', 'it can not be read', { cause: error });
  }
}

function sectionOf(media: MediaDescription, session: SessionDescription): OfferSection {
  const mid = media.mid === undefined ? null : String(media.mid);
  if (mid !== null && !MID.test(mid)) throw invalid('an a=mid is no token of up to 32 characters');
  const isRtp = /RTP\/S?AVPF?$/.test(String(media.protocol));
  const isOff = media.port === 0 && media.bundleOnly === undefined;
  const kind = isRtp && !isOff && (media.type === 'audio' || media.type === 'video') ? media.type : null;
  const direction = media.direction ?? session.direction ?? 'sendrecv';
  if (kind && media.rtcpMux === undefined) throw invalid(`the ${kind} section lacks a=rtcp-mux`);
  return {
    mid,
    kind,
    sends: direction === 'sendonly' || direction === 'sendrecv',
    receives: direction === 'recvonly' || direction === 'sendrecv',
    codecs: kind ? offeredCodecs(media) : [],
    extensions: kind ? extensionsOf(media) : [],
    media,
  };
}

/** All media goes by one transport. */
function checkBundle(session: SessionDescription, used: readonly OfferSection[]): void {
  const mids = used.map(({ mid }) => mid);
  if (new Set(mids).size < mids.length) throw invalid('two sections have the same a=mid, or none');
  if (used.length < 2) return;
  const bundled = (session.groups ?? []).filter(({ type }) => type === 'BUNDLE').map((group) => String(group.mids).split(' '));
  if (!bundled.some((group) => mids.every((mid) => mid !== null && group.includes(mid)))) throw invalid('sound and picture must be in one a=group:BUNDLE');
}

function extensionsOf({ ext = [] }: MediaDescription): { id: number; uri: string }[] {
  const usable = ext.filter(({ value, uri, direction }) => Number.isInteger(value) && value >= 1 && value <= 255 && typeof uri === 'string' && direction !== 'inactive');
  return usable
    .filter((each, at) => usable.findIndex(({ value, uri }) => value === each.value || uri === each.uri) === at)
    .map(({ value, uri }) => ({ id: value, uri }));
}
