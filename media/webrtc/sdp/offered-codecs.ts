import type { types } from 'mediasoup';
import { parseParams, type MediaDescription } from 'sdp-transform';
import { h264Profile } from '../../../domain/streaming/h264-profile.ts';

/** One payload type of a section. */
export interface OfferedCodec {
  payloadType: number;
  /** In lower case, without audio/ or video/. */
  name: string;
  clockRate: number;
  channels: number;
  parameters: Record<string, string | number>;
  feedback: readonly types.RtcpFeedback[];
}

export function offeredCodecs({ rtp = [], fmtp = [], rtcpFb = [] }: MediaDescription): OfferedCodec[] {
  return rtp
    .filter(({ payload, rate }) => Number.isInteger(payload) && payload >= 0 && payload <= 127 && Number.isInteger(rate) && rate! > 0)
    .map(({ payload, codec, rate, encoding }) => ({
      payloadType: payload,
      name: String(codec).toLowerCase(),
      clockRate: rate!,
      channels: Number(encoding ?? 1),
      parameters: parametersOf(fmtp.find((each) => each.payload === payload)?.config),
      feedback: rtcpFb
        // The parser leaves * as it is.
        .filter((each) => each.payload === payload || String(each.payload) === '*')
        .map(({ type, subtype = '' }) => ({ type: String(type), parameter: String(subtype) })),
    }));
}

function parametersOf(config: unknown): Record<string, string | number> {
  const entries = Object.entries(parseParams(String(config ?? '')) as Record<string, string | number | undefined>);
  // 420010 is a name, though it looks like a number.
  return Object.fromEntries(entries.map(([key, value]) => [key, key === 'profile-level-id' ? String(value) : (value ?? '')]));
}

/** Whether an offered codec is the same as one of the router's, or of a producer's. */
export function isSameCodec(offered: OfferedCodec, { mimeType, clockRate, channels = 1, parameters = {} }: Pick<types.RtpCodecParameters, 'mimeType' | 'clockRate' | 'channels' | 'parameters'>): boolean {
  if (offered.name !== nameOf(mimeType) || offered.clockRate !== clockRate || offered.channels !== channels) return false;
  return offered.name !== 'h264' || isSameH264(offered.parameters, parameters as Record<string, unknown>);
}

export const nameOf = (mimeType: string): string => mimeType.slice(mimeType.indexOf('/') + 1).toLowerCase();

function isSameH264(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const profile = profileOf(a);
  return profile !== null && profile === profileOf(b) && modeOf(a) === modeOf(b);
}

const modeOf = (parameters: Record<string, unknown>): number => Number(parameters['packetization-mode'] ?? 0);
const profileOf = ({ 'profile-level-id': id }: Record<string, unknown>) => h264Profile(id === undefined ? undefined : String(id));

/** The retransmissions (RFC 4588) of a payload type, where the client offers them. */
export const rtxOf = (codecs: readonly OfferedCodec[], payloadType: number): OfferedCodec | null =>
  codecs.find(({ name, parameters }) => name === 'rtx' && parameters.apt === payloadType) ?? null;
