import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { AppError } from '../domain/errors.ts';

export interface ByteCounter {
  /** Passes bytes on; fails with AppError('media_too_large') at the first byte too many. */
  stream: Transform;
  /** Of all that passed; once, after the end. */
  sha256(): string;
}

/** Bounds and hashes what flows into storage. */
export function createByteCounter(maxBytes: number): ByteCounter {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) return done(new AppError('media_too_large', `more than ${maxBytes} bytes`));
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return { stream, sha256: () => hash.digest('hex') };
}
