import type { Readable } from 'node:stream';

/** All bytes of a body; null where it is longer than it may be, and then it is not read on. */
export async function readBounded(body: Readable, maxBytes: number): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBytes) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
