/** One box of an MP4 (ISO/IEC 14496-12 §4.2), header included. */
export interface Mp4Box {
  type: string;
  bytes: Uint8Array;
  /** Where the content begins within `bytes`. */
  content: number;
}

/** A stream that is no MP4, or one that would take more memory than it may. */
export class Mp4Error extends Error {
  override name = 'Mp4Error';
}

/** An extended size stands behind the type: https://developer.apple.com/documentation/quicktime-file-format/atoms */
const LARGE_SIZE = 1;
const HEADER = 8;
const LARGE_HEADER = 16;

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

interface Header {
  type: string;
  size: number;
  content: number;
}

/** @returns null while the header is not whole */
function headerAt(bytes: Uint8Array, at: number): Header | null {
  if (bytes.length - at < HEADER) return null;
  const view = viewOf(bytes);
  const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
  const size = view.getUint32(at);
  if (size !== LARGE_SIZE) return checked({ type, size, content: HEADER });
  if (bytes.length - at < LARGE_HEADER) return null;
  return checked({ type, size: Number(view.getBigUint64(at + HEADER)), content: LARGE_HEADER });
}

function checked(header: Header): Header {
  // 0 means “to the end of the file”, which a stream has not.
  if (header.size < header.content) throw new Mp4Error(`box ${JSON.stringify(header.type)} says that it has ${header.size} bytes`);
  return header;
}

/** The boxes within one box (or within bytes). @throws Mp4Error where one is cut off */
export function* boxesOf(bytes: Uint8Array, from = 0): Generator<Mp4Box> {
  for (let at = from; at < bytes.length; ) {
    const header = headerAt(bytes, at);
    if (header === null || at + header.size > bytes.length) throw new Mp4Error('a box is longer than what holds it');
    yield { type: header.type, bytes: bytes.subarray(at, at + header.size), content: header.content };
    at += header.size;
  }
}

/** The box at the end of a path such as moov/trak/mdia; null: it is not there. */
export function boxAt(box: Mp4Box, ...path: string[]): Mp4Box | null {
  let found: Mp4Box | null = box;
  for (const type of path) {
    if (found === null) return null;
    found = [...boxesOf(found.bytes, found.content)].find((inner) => inner.type === type) ?? null;
  }
  return found;
}

export interface BoxReader {
  /** @returns the boxes that are whole now @throws Mp4Error; the reader is then of no more use */
  push(chunk: Uint8Array): Mp4Box[];
  /** Bytes that wait for the rest of their box. */
  readonly pending: number;
}

/** Cuts a byte stream into its outermost boxes, however it arrives. @param maxBytes the largest box that is taken */
export function createBoxReader(maxBytes: number): BoxReader {
  let chunks: Uint8Array[] = [];
  let length = 0;
  let wanted = HEADER;

  return {
    get pending() {
      return length;
    },
    push(chunk) {
      if (chunk.length > 0) chunks.push(chunk);
      length += chunk.length;
      const boxes: Mp4Box[] = [];
      while (length >= wanted) {
        const bytes = joined(chunks, length);
        chunks = [bytes];
        const header = headerAt(bytes, 0);
        if (header && header.size > maxBytes) throw new Mp4Error(`box ${header.type} has ${header.size} bytes, more than ${maxBytes}`);
        wanted = header?.size ?? LARGE_HEADER;
        if (header === null || length < wanted) continue;
        boxes.push({ type: header.type, bytes: bytes.subarray(0, wanted), content: header.content });
        chunks = length > wanted ? [bytes.subarray(wanted)] : [];
        length -= wanted;
        wanted = HEADER;
      }
      return boxes;
    },
  };
}

export function joined(chunks: readonly Uint8Array[], length = chunks.reduce((sum, chunk) => sum + chunk.length, 0)): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
