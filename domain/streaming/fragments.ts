import type { Fragment } from '../contracts/recording.ts';
import { sameBytes, spsOfSample } from './h264-parameters.ts';
import { createBoxReader, joined, Mp4Error, type Mp4Box } from './mp4-boxes.ts';
import { parseFragment, type TrackFragment } from './mp4-fragment.ts';
import { parseInit, type Mp4Init } from './mp4-init.ts';

export type Mp4Event =
  | { kind: 'init'; init: Mp4Init }
  /** `reconfigured`: from here on the video has another size or profile than its init segment says. */
  | { kind: 'fragment'; fragment: Fragment; reconfigured: boolean };

export interface FragmentReader {
  /** @throws Mp4Error for what is no fragmented MP4, or too large; the reader is then of no more use */
  push(chunk: Uint8Array): Mp4Event[];
  /** Bytes of what is whole: the rest, at the end of a file that a kill cut off, is of no use. */
  readonly whole: number;
}

export interface FragmentReaderOptions {
  /** Largest box that is taken, bytes. */
  maxBytes?: number;
  /** For bytes that begin behind the init segment. */
  init?: Mp4Init;
}

/** A second of video at 200 Mbit/s. */
const MAX_BOX_BYTES = 32 * 1024 * 1024;
/** No frame lasts so long, and a run is over when nothing came for so long: beyond it the clock is another one. */
const CLOCK_LEAP_MS = 10_000;

/** Reads fragmented MP4 as ffmpeg writes it: ftyp, moov, then moof and mdat by turns. What else stands between is left out. */
export function createFragmentReader({ maxBytes = MAX_BOX_BYTES, init: known }: FragmentReaderOptions = {}): FragmentReader {
  const boxes = createBoxReader(maxBytes);
  let init = known ?? null;
  let ftyp: Mp4Box | null = null;
  let moof: Mp4Box | null = null;
  let whole = 0;
  let read = 0;
  /** Media clock up to which fragments were told of; null: none was. */
  let covered: number | null = null;

  function take(box: Mp4Box): Mp4Event | null {
    if (box.type === 'ftyp') ftyp = box;
    else if (box.type === 'moov') {
      if (init) throw new Mp4Error('a second init segment');
      init = parseInit(joined(ftyp ? [ftyp.bytes, box.bytes] : [box.bytes]), box);
      return { kind: 'init', init };
    } else if (box.type === 'moof') {
      if (moof) throw new Mp4Error('a fragment without its data');
      moof = box;
    } else if (box.type === 'mdat') {
      if (!moof || !init) throw new Mp4Error('data without its fragment');
      const parts = parseFragment(moof, init.tracks);
      const bytes = joined([moof.bytes, box.bytes]);
      moof = null;
      return parts.length === 0 ? null : { kind: 'fragment', fragment: { bytes, ...timesOf(parts, init) }, reconfigured: isReconfigured(bytes, parts, init) };
    }
    return null;
  }

  function timesOf(parts: readonly TrackFragment[], { tracks }: Mp4Init): Omit<Fragment, 'bytes'> {
    const video = tracks[0]!.kind === 'video';
    const leading = parts.find(({ track }) => track === tracks[0]) ?? parts[0]!;
    return {
      ...cover(inMs(leading.start, leading), inMs(leading.duration, leading)),
      independent: !video || (leading.track.kind === 'video' && leading.sync),
    };
  }

  /** ffmpeg ends fragments by the sound too: while one frame lasts, fragments with sound alone come, of time that the frame has. */
  function cover(start: number, duration: number): Pick<Fragment, 'start_ms' | 'duration_ms'> {
    const from = covered === null || Math.abs(start - covered) > CLOCK_LEAP_MS ? start : covered;
    const end = Math.max(from, start + duration);
    covered = end;
    return { start_ms: Math.max(from, start), duration_ms: end - from };
  }

  return {
    get whole() {
      return whole;
    },
    push(chunk) {
      const events: Mp4Event[] = [];
      for (const box of boxes.push(chunk)) {
        const event = take(box);
        read += box.bytes.length;
        if (moof === null) whole = read;
        if (event) events.push(event);
      }
      return events;
    },
  };
}

/** Browsers change the size of what they send as they go; an avc1 track has one. */
function isReconfigured(bytes: Uint8Array, parts: readonly TrackFragment[], { tracks }: Mp4Init): boolean {
  const video = parts.find(({ track }) => track === tracks[0] && track.sps !== null);
  if (!video?.sync || video.offset === null) return false;
  const sps = spsOfSample(bytes, video.offset);
  return sps !== null && !sameBytes(sps, video.track.sps!);
}

const inMs = (units: number, { track }: TrackFragment): number => (units * 1_000) / track.timescale;
