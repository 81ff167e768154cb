import { boxAt, boxesOf, Mp4Error, viewOf, type Mp4Box } from './mp4-boxes.ts';

export interface Mp4Track {
  id: number;
  kind: 'video' | 'audio';
  /** Units a second of its times. */
  timescale: number;
  /** RFC 6381, such as avc1.42e01f. */
  codec: string;
  width: number | null;
  height: number | null;
  /** H.264's sequence parameter set, of the first one that the track has; null: other codecs. */
  sps: Uint8Array | null;
  /** Of trex: what fragments leave out. */
  default_duration: number;
  default_flags: number;
}

/** What an init segment (ftyp and moov) says of the fragments after it. */
export interface Mp4Init {
  bytes: Uint8Array;
  tracks: readonly Mp4Track[];
  /** Of all tracks, video first, as HLS's CODECS wants them. */
  codecs: string;
  width: number | null;
  height: number | null;
}

const HANDLERS: { [type: string]: Mp4Track['kind'] | undefined } = { vide: 'video', soun: 'audio' };
/** Where the boxes of a sample entry begin: ISO/IEC 14496-12 §12.1.3 and §12.2.3. */
const ENTRY_CONTENT = { video: 86, audio: 36 };

/** @throws Mp4Error where a track is neither sound nor video, or there is none */
export function parseInit(bytes: Uint8Array, moov: Mp4Box): Mp4Init {
  const inner = [...boxesOf(moov.bytes, moov.content)];
  const defaults = new Map<number, { duration: number; flags: number }>();
  const mvex = inner.find(({ type }) => type === 'mvex');
  for (const trex of mvex ? boxesOf(mvex.bytes, mvex.content) : []) {
    if (trex.type !== 'trex') continue;
    const view = viewOf(trex.bytes);
    defaults.set(view.getUint32(12), { duration: view.getUint32(20), flags: view.getUint32(28) });
  }
  const tracks = inner
    .filter(({ type }) => type === 'trak')
    .map((trak) => trackOf(trak, defaults))
    .sort((a, b) => Number(b.kind === 'video') - Number(a.kind === 'video'));
  if (tracks.length === 0) throw new Mp4Error('the init segment has no track');
  const video = tracks.find(({ kind }) => kind === 'video');
  return { bytes, tracks, codecs: tracks.map(({ codec }) => codec).join(','), width: video?.width ?? null, height: video?.height ?? null };
}

function trackOf(trak: Mp4Box, defaults: ReadonlyMap<number, { duration: number; flags: number }>): Mp4Track {
  const tkhd = needed(trak, 'tkhd');
  const id = viewOf(tkhd.bytes).getUint32(isLong(tkhd) ? 28 : 20);
  const mdhd = needed(trak, 'mdia', 'mdhd');
  const timescale = viewOf(mdhd.bytes).getUint32(isLong(mdhd) ? 28 : 20);
  const hdlr = needed(trak, 'mdia', 'hdlr');
  const kind = HANDLERS[ascii(hdlr.bytes, 16, 20)];
  if (!kind || timescale === 0) throw new Mp4Error(`track ${id} is neither sound nor video, or has no time`);
  const stsd = needed(trak, 'mdia', 'minf', 'stbl', 'stsd');
  const [entry] = boxesOf(stsd.bytes, 16);
  if (!entry) throw new Mp4Error(`track ${id} does not say what its samples are`);
  const view = viewOf(entry.bytes);
  const { duration = 0, flags = 0 } = defaults.get(id) ?? {};
  return {
    id,
    kind,
    timescale,
    codec: codecOf(entry, kind),
    width: kind === 'video' ? view.getUint16(32) : null,
    height: kind === 'video' ? view.getUint16(34) : null,
    sps: kind === 'video' ? spsOf(entry) : null,
    default_duration: duration,
    default_flags: flags,
  };
}

/** ISO/IEC 14496-15 §5.3.3.1: five bytes, how many there are, and each with its length. */
function spsOf(entry: Mp4Box): Uint8Array | null {
  const avcC = [...boxesOf(entry.bytes, ENTRY_CONTENT.video)].find(({ type }) => type === 'avcC');
  if (!avcC || (avcC.bytes[13]! & 0x1f) === 0) return null;
  const length = viewOf(avcC.bytes).getUint16(14);
  return avcC.bytes.slice(16, 16 + length);
}

function codecOf(entry: Mp4Box, kind: Mp4Track['kind']): string {
  const config = [...boxesOf(entry.bytes, ENTRY_CONTENT[kind])];
  const avcC = config.find(({ type }) => type === 'avcC');
  if (avcC) return `${entry.type}.${[9, 10, 11].map((at) => avcC.bytes[at]!.toString(16).padStart(2, '0')).join('')}`;
  const esds = config.find(({ type }) => type === 'esds');
  return esds ? `mp4a.${aacOf(esds.bytes)}` : entry.type;
}

/** Object type and AAC profile out of the descriptors (ISO/IEC 14496-1 §7.2.6): ES (3) holds DecoderConfig (4) holds DecSpecificInfo (5). */
function aacOf(bytes: Uint8Array): string {
  let at = 12;
  const descriptor = (tag: number): void => {
    if (bytes[at++] !== tag) throw new Mp4Error('the AAC track does not say its profile');
    while ((bytes[at++] ?? 0) & 0x80);
  };
  descriptor(3);
  at += 3;
  descriptor(4);
  const objectType = (bytes[at] ?? 0).toString(16);
  at += 13;
  descriptor(5);
  return `${objectType}.${(bytes[at] ?? 0) >> 3}`;
}

function needed(box: Mp4Box, ...path: string[]): Mp4Box {
  const found = boxAt(box, ...path);
  if (!found) throw new Mp4Error(`${box.type} has no ${path.join('/')}`);
  return found;
}

/** Version 1 of a box has 64-bit times. */
const isLong = (box: Mp4Box): boolean => box.bytes[box.content] === 1;
const ascii = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
