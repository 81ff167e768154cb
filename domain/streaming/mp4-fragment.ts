import { boxAt, boxesOf, Mp4Error, viewOf, type Mp4Box } from './mp4-boxes.ts';
import type { Mp4Track } from './mp4-init.ts';

/** What one moof has of one track; times in the track's own units. */
export interface TrackFragment {
  track: Mp4Track;
  start: number;
  duration: number;
  samples: number;
  /** Its first sample can be decoded without others. */
  sync: boolean;
  /** Where its first sample begins, counted from the moof's first byte; null: not said. */
  offset: number | null;
}

const TFHD = { base_data_offset: 0x1, description: 0x2, duration: 0x8, size: 0x10, flags: 0x20 };
const TRUN = { data_offset: 0x1, first_flags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, composition: 0x800 };
const NON_SYNC = 0x10000;
/** More samples than any fragment of ours has: a fault of the bytes, not a long fragment. */
const MAX_SAMPLES = 100_000;

/** ISO/IEC 14496-12 §8.8. @throws Mp4Error for a track that the init segment does not have */
export function parseFragment(moof: Mp4Box, tracks: readonly Mp4Track[]): TrackFragment[] {
  const found: TrackFragment[] = [];
  for (const traf of boxesOf(moof.bytes, moof.content)) {
    if (traf.type !== 'traf') continue;
    const part = trackFragment(traf, tracks);
    if (part.samples > 0) found.push(part);
  }
  return found;
}

function trackFragment(traf: Mp4Box, tracks: readonly Mp4Track[]): TrackFragment {
  const tfhd = boxAt(traf, 'tfhd');
  const tfdt = boxAt(traf, 'tfdt');
  if (!tfhd || !tfdt) throw new Mp4Error('a fragment does not say its track or its time');
  const { track, ...defaults } = headerOf(tfhd, tracks);
  const part: TrackFragment = { track, start: timeOf(tfdt), duration: 0, samples: 0, sync: false, offset: null };
  for (const trun of boxesOf(traf.bytes, traf.content)) if (trun.type === 'trun') addRun(part, trun, defaults);
  return part;
}

function headerOf(tfhd: Mp4Box, tracks: readonly Mp4Track[]): { track: Mp4Track; duration: number; flags: number } {
  const view = viewOf(tfhd.bytes);
  const set = view.getUint32(tfhd.content) & 0xffffff;
  const id = view.getUint32(tfhd.content + 4);
  const track = tracks.find((one) => one.id === id);
  if (!track) throw new Mp4Error(`a fragment is of track ${id}, which there is not`);
  let at = tfhd.content + 8;
  if (set & TFHD.base_data_offset) at += 8;
  if (set & TFHD.description) at += 4;
  const duration = set & TFHD.duration ? view.getUint32(at) : track.default_duration;
  if (set & TFHD.duration) at += 4;
  if (set & TFHD.size) at += 4;
  return { track, duration, flags: set & TFHD.flags ? view.getUint32(at) : track.default_flags };
}

function timeOf(tfdt: Mp4Box): number {
  const view = viewOf(tfdt.bytes);
  return tfdt.bytes[tfdt.content] === 1 ? Number(view.getBigUint64(tfdt.content + 4)) : view.getUint32(tfdt.content + 4);
}

function addRun(part: TrackFragment, trun: Mp4Box, defaults: { duration: number; flags: number }): void {
  const view = viewOf(trun.bytes);
  const set = view.getUint32(trun.content) & 0xffffff;
  const count = view.getUint32(trun.content + 4);
  if (count > MAX_SAMPLES) throw new Mp4Error(`a fragment says that it has ${count} samples`);
  let at = trun.content + 8;
  if (set & TRUN.data_offset) {
    if (part.samples === 0) part.offset = view.getInt32(at);
    at += 4;
  }
  const first = set & TRUN.first_flags ? view.getUint32(at) : null;
  if (set & TRUN.first_flags) at += 4;
  for (let index = 0; index < count; index++) {
    const duration = set & TRUN.duration ? take() : defaults.duration;
    if (set & TRUN.size) at += 4;
    const flags = set & TRUN.flags ? take() : defaults.flags;
    if (set & TRUN.composition) at += 4;
    if (part.samples === 0) part.sync = ((first ?? flags) & NON_SYNC) === 0;
    part.duration += duration;
    part.samples++;
  }

  function take(): number {
    const value = view.getUint32(at);
    at += 4;
    return value;
  }
}
