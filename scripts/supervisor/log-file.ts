import { closeSync, openSync, renameSync, writeSync } from 'node:fs';

const BOUND_BYTES = 20 * 1024 * 1024;

/** A log that starts anew (the last one becomes `.1`) and does the same when it has grown to 20 MB: two files at most. */
export class LogFile {
  readonly path: string;
  #fd: number | null = null;
  #bytes = 0;

  constructor(path: string) {
    this.path = path;
    this.#rotate();
  }

  write(chunk: Buffer): void {
    if (this.#fd === null) return;
    if (this.#bytes + chunk.length > BOUND_BYTES) this.#rotate();
    this.#bytes += chunk.length;
    writeSync(this.#fd, chunk);
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #rotate(): void {
    this.close();
    try {
      renameSync(this.path, `${this.path}.1`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    this.#fd = openSync(this.path, 'w', 0o600);
    this.#bytes = 0;
  }
}
