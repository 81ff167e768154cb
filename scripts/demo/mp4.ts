/** What the table of an MP4 file (ISO/IEC 14496-12 and -15) says of its one video track. */
export interface VideoTrack {
  width: number;
  height: number;
  /** Frames a second. */
  frameRate: number;
  sps: Buffer;
  pps: Buffer;
  /** Bytes of each frame, in order. */
  sizes: number[];
  /** Frames that need no other, counted from 0. */
  keyFrames: number[];
  /** Where the first frame begins in the file; the others follow without gaps. */
  offset: number;
}

const u8 = (...values: number[]): Buffer => Buffer.from(values);
const u16 = (...values: number[]): Buffer => Buffer.concat(values.map((value) => u8((value >>> 8) & 0xff, value & 0xff)));
const u32 = (...values: number[]): Buffer => {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => buffer.writeUInt32BE(value, index * 4));
  return buffer;
};
const zeros = (bytes: number): Buffer => Buffer.alloc(bytes);

export function box(type: string, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([u32(body.length + 8), Buffer.from(type, 'latin1'), body]);
}

/** A box with version 0 and flags. */
const full = (type: string, flags: number, ...content: Buffer[]): Buffer => box(type, u32(flags), ...content);

/** The first box of the file. */
export const ftyp = (): Buffer => box('ftyp', Buffer.from('isom', 'latin1'), u32(0x200), Buffer.from('isomiso2avc1mp41', 'latin1'));

const UNITY = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
const TIMESCALE = 90_000;
const UNDETERMINED_LANGUAGE = 0x55c4;

export function moov(track: VideoTrack): Buffer {
  const duration = Math.round((track.sizes.length / track.frameRate) * TIMESCALE);
  const mvhd = full('mvhd', 0, u32(0, 0, TIMESCALE, duration, 0x10000), u16(0x100), zeros(10), UNITY, zeros(24), u32(2));
  // Flags: the track is on, and part of the presentation.
  const tkhd = full('tkhd', 3, u32(0, 0, 1, 0, duration), zeros(8), u16(0, 0, 0, 0), UNITY, u32(track.width << 16, track.height << 16));
  const mdhd = full('mdhd', 0, u32(0, 0, TIMESCALE, duration), u16(UNDETERMINED_LANGUAGE, 0));
  const hdlr = full('hdlr', 0, u32(0), Buffer.from('vide', 'latin1'), zeros(12), Buffer.from('video\0', 'latin1'));
  const dinf = box('dinf', full('dref', 0, u32(1), full('url ', 1)));
  const minf = box('minf', full('vmhd', 1, zeros(8)), dinf, sampleTable(track));
  return box('moov', mvhd, box('trak', tkhd, box('mdia', mdhd, hdlr, minf)));
}

function sampleTable({ width, height, frameRate, sps, pps, sizes, keyFrames, offset }: VideoTrack): Buffer {
  const avcC = box('avcC', u8(1, sps[1]!, sps[2]!, sps[3]!, 0xff, 0xe1), u16(sps.length), sps, u8(1), u16(pps.length), pps);
  const name = zeros(32);
  const avc1 = box('avc1', zeros(6), u16(1), zeros(16), u16(width, height), u32(0x480000, 0x480000, 0), u16(1), name, u16(24, 0xffff), avcC);
  return box(
    'stbl',
    full('stsd', 0, u32(1), avc1),
    full('stts', 0, u32(1, sizes.length, Math.round(TIMESCALE / frameRate))),
    full('stss', 0, u32(keyFrames.length), u32(...keyFrames.map((index) => index + 1))),
    // All frames are one chunk.
    full('stsc', 0, u32(1, 1, sizes.length, 1)),
    full('stsz', 0, u32(0, sizes.length), u32(...sizes)),
    full('stco', 0, u32(1, offset)),
  );
}
