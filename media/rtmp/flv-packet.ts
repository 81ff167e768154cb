import type { types } from 'mediasoup';

export const FLV_SOUND = 8;
export const FLV_PICTURE = 9;
export const FLV_SCRIPT = 18;

/** What ffmpeg calls them. */
const SOUND_FORMATS: Record<number, string> = { 0: 'pcm', 1: 'adpcm', 2: 'mp3', 3: 'pcm', 5: 'nellymoser', 6: 'nellymoser', 7: 'pcm_alaw', 8: 'pcm_mulaw', 10: 'aac', 11: 'speex', 14: 'mp3' };
const PICTURE_FORMATS: Record<number, string> = { 2: 'flv1', 3: 'flashsv', 4: 'vp6f', 5: 'vp6a', 6: 'flashsv2', 7: 'h264' };
const FOURCCS: Record<string, string> = { avc1: 'h264', hvc1: 'hevc', vp09: 'vp9', vp08: 'vp8', av01: 'av1', Opus: 'opus', mp4a: 'aac', 'ac-3': 'ac3', 'ec-3': 'eac3', fLaC: 'flac', '.mp3': 'mp3' };
const EXTENDED_SOUND = 9;
const KEYFRAME = 1;
const HEADER_BYTES = 11;

/** One message of an encoder, as an FLV tag; https://veovera.org/docs/enhanced/enhanced-rtmp-v2 */
export interface FlvPacket {
  kind: types.MediaKind;
  codec: string;
  /** By enhanced RTMP, which older ffmpegs do not know. */
  enhanced: boolean;
  /** Describes the codec instead of carrying media. */
  header: boolean;
  keyframe: boolean;
  dts_ms: number;
  pts_ms: number;
  /** H.264's profile_idc, of a header. */
  profile: number | null;
  /** The whole tag with its size behind it. */
  tag: Buffer;
}

/** The start of an FLV file with these kinds in it. */
export function flvStart(kinds: ReadonlySet<types.MediaKind>): Buffer {
  const flags = (kinds.has('audio') ? 4 : 0) | (kinds.has('video') ? 1 : 0);
  return Buffer.from([0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, 9, 0, 0, 0, 0]);
}

/** @returns null where it is neither sound nor picture that can be named, or tells of no media */
export function parseFlvPacket(type: number, timeMs: number, data: Buffer): FlvPacket | null {
  if (data.length < 2) return null;
  const facts = type === FLV_SOUND ? sound(data) : type === FLV_PICTURE ? picture(data) : null;
  if (facts === null) return null;
  const { shift = 0, ...rest } = facts;
  return { profile: null, keyframe: false, ...rest, dts_ms: timeMs, pts_ms: timeMs + shift, tag: flvTag(type, timeMs, data) };
}

type Facts = Pick<FlvPacket, 'kind' | 'codec' | 'enhanced' | 'header'> & Partial<Pick<FlvPacket, 'keyframe' | 'profile'>> & { shift?: number };

function sound(data: Buffer): Facts | null {
  const format = data[0]! >> 4;
  if (format !== EXTENDED_SOUND) {
    const codec = SOUND_FORMATS[format] ?? `sound format ${format}`;
    return { kind: 'audio', codec, enhanced: false, header: codec === 'aac' && data[1] === 0 };
  }
  const packetType = data[0]! & 0x0f;
  if (packetType > 1) return null;
  return { kind: 'audio', codec: fourCc(data), enhanced: true, header: packetType === 0 };
}

function picture(data: Buffer): Facts | null {
  const frameType = (data[0]! >> 4) & 0b111;
  const keyframe = frameType === KEYFRAME;
  // A command to the player.
  if (frameType === 5) return null;
  if ((data[0]! & 0x80) === 0) {
    const format = data[0]! & 0x0f;
    const codec = PICTURE_FORMATS[format] ?? `picture format ${format}`;
    if (codec !== 'h264') return { kind: 'video', codec, enhanced: false, header: false, keyframe };
    const packetType = data[1]!;
    if (packetType > 1 || data.length < 5) return null;
    const header = packetType === 0;
    return { kind: 'video', codec, enhanced: false, header, keyframe: keyframe && !header, shift: data.readIntBE(2, 3), profile: header ? (data[6] ?? null) : null };
  }
  const packetType = data[0]! & 0x0f;
  // 0: the header; 1 and 3: frames, with and without a composition time.
  if (![0, 1, 3].includes(packetType) || data.length < 5) return null;
  const codec = fourCc(data);
  const header = packetType === 0;
  const shift = packetType === 1 && (codec === 'hevc' || codec === 'h264') && data.length >= 8 ? data.readIntBE(5, 3) : 0;
  return { kind: 'video', codec, enhanced: true, header, keyframe: keyframe && !header, shift };
}

const fourCc = (data: Buffer): string => {
  const name = data.toString('latin1', 1, 5);
  return FOURCCS[name] ?? name;
};

function flvTag(type: number, timeMs: number, data: Buffer): Buffer {
  const tag = Buffer.allocUnsafe(HEADER_BYTES + data.length + 4);
  tag[0] = type;
  tag.writeUIntBE(data.length, 1, 3);
  tag.writeUIntBE(timeMs & 0xffffff, 4, 3);
  tag[7] = (timeMs >>> 24) & 0xff;
  tag.writeUIntBE(0, 8, 3);
  data.copy(tag, HEADER_BYTES);
  tag.writeUInt32BE(HEADER_BYTES + data.length, HEADER_BYTES + data.length);
  return tag;
}
