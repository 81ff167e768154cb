import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** Large enough that a gigabyte is a thousand reads. */
const READ_BYTES = 1024 * 1024;
/** Kept for the next reads; what is on its way besides is allocated. */
const MOST_FREE = 4;

/**
 * Bytes of a file, first to last, both included. Who has used a part up may say so by `release`: the next bytes are then read
 * into its memory. Without that each part is memory of its own, and a gigabyte of them has V8 mark the whole heap again and again.
 */
export class FileRange extends Readable {
  readonly #path: string;
  readonly #last: number;
  readonly #lent = new Set<ArrayBufferLike>();
  readonly #free: ArrayBufferLike[] = [];
  #at: number;
  #file: FileHandle | null = null;

  constructor(path: string, first: number, last: number) {
    super({ highWaterMark: READ_BYTES });
    this.#path = path;
    this.#at = first;
    this.#last = last;
  }

  /** Nobody looks at these bytes any more. What is not a part of this stream, or was released before, is left alone. */
  release(part: Uint8Array): void {
    if (this.#lent.delete(part.buffer) && this.#free.length < MOST_FREE) this.#free.push(part.buffer);
  }

  override _construct(done: (error?: Error | null) => void): void {
    open(this.#path).then(
      (file) => {
        this.#file = file;
        done();
      },
      (error: Error) => done(error),
    );
  }

  override _read(): void {
    void this.#readPart().then(
      (part) => this.push(part),
      (error: Error) => this.destroy(error),
    );
  }

  /** @returns null at the end, of the range or of the file */
  async #readPart(): Promise<Buffer | null> {
    const wanted = Math.min(READ_BYTES, this.#last - this.#at + 1);
    if (wanted <= 0) return null;
    const memory = this.#free.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES).buffer;
    const { bytesRead } = await this.#file!.read(Buffer.from(memory), 0, wanted, this.#at);
    if (bytesRead === 0) return null;
    this.#at += bytesRead;
    this.#lent.add(memory);
    return Buffer.from(memory, 0, bytesRead);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // Closing waits for a read that is under way.
    (this.#file?.close() ?? Promise.resolve()).then(
      () => done(error),
      (failed: Error) => done(error ?? failed),
    );
  }
}
