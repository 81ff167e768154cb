/** Header of a box: size (4), type (4), and the 64-bit size where the first is 1. ISO/IEC 14496-12, section 4.2. */
const HEADER_BYTES = 16;
/** Fragmented files have thousands of boxes; a walk ends here and judges by what it saw. */
const MAX_BOXES = 2_000;

/** A walk over the top-level boxes of an MP4 or MOV file; the caller reads, this decides what. */
export interface BoxWalk {
  readonly size: number;
  readonly offset: number;
  readonly boxes: number;
  readonly seen: { readonly moov: boolean; readonly mdat: boolean };
  /** Why the file is broken or cut short. */
  readonly fault: string | null;
  readonly done: boolean;
}

/** @param size bytes of the whole file */
export const beginBoxWalk = (size: number): BoxWalk => step({ size, offset: 0, boxes: 0, seen: { moov: false, mdat: false }, fault: null, done: false });

/** Bytes to read and feed next; null: the walk is over. */
export const nextRead = ({ size, offset, done }: BoxWalk): { offset: number; length: number } | null =>
  done ? null : { offset, length: Math.min(HEADER_BYTES, size - offset) };

/** Goes on with the bytes that nextRead asked for. */
export function feed(walk: BoxWalk, bytes: Uint8Array): BoxWalk {
  if (walk.done) return walk;
  const left = walk.size - walk.offset;
  if (bytes.length < Math.min(HEADER_BYTES, left)) return broken(walk, `The file ends at byte ${walk.offset + bytes.length} instead of ${walk.size}.`);
  const box = left < 8 ? null : readHeader(bytes, left);
  // Some cameras and editors leave a few bytes behind the last box; they hurt nobody where everything needed came before.
  if (box === null) return isComplete(walk) ? { ...walk, done: true } : broken(walk, `At byte ${walk.offset} begins no box of an MP4 file.`);
  if (box.size > left) return broken(walk, `The part “${box.type}” at byte ${walk.offset} should have ${box.size} bytes, and the file ends after ${left} of them.`);
  const seen = { moov: walk.seen.moov || box.type === 'moov', mdat: walk.seen.mdat || box.type === 'mdat' };
  return step({ ...walk, offset: walk.offset + box.size, boxes: walk.boxes + 1, seen });
}

/** Why the file is cut short or broken, once the walk is over; null: nothing was found. */
export const truncation = ({ fault }: BoxWalk): string | null => fault;

const isComplete = ({ seen }: BoxWalk): boolean => seen.moov && seen.mdat;

const broken = (walk: BoxWalk, fault: string): BoxWalk => ({ ...walk, done: true, fault });

function step(walk: BoxWalk): BoxWalk {
  if (walk.offset < walk.size && walk.boxes < MAX_BOXES) return walk;
  if (!walk.seen.moov) return broken(walk, 'The file has no index (“moov”): it was not written or copied to its end.');
  return { ...walk, done: true };
}

/** Null where these bytes are no header of a box. */
function readHeader(bytes: Uint8Array, left: number): { type: string; size: number } | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = String.fromCharCode(...bytes.subarray(4, 8));
  // “©” begins types of QuickTime.
  if (!/^[\x20-\x7e\xa9]{4}$/.test(type)) return null;
  const short = view.getUint32(0);
  if (short === 0) return { type, size: left };
  if (short !== 1) return short < 8 ? null : { type, size: short };
  if (bytes.length < HEADER_BYTES) return null;
  const long = Number(view.getBigUint64(8));
  return long < HEADER_BYTES ? null : { type, size: long };
}
