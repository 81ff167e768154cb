import type { Readable } from 'node:stream';

export interface StoredObject {
  size_bytes: number;
  /** Changes whenever the bytes do: modification time on disk, ETag in S3. */
  version: string;
}

/** Where files lie between upload by a person and upload to TikTok: local disk, or S3. */
export interface MediaStorage {
  /**
   * Streams to storage, never more than a few buffers in memory; all or nothing.
   * @param signal breaks it off, also where all of the source was read and the storage does not answer
   * @throws AppError('media_too_large') once more than `maxBytes` arrived, AbortError; nothing is then kept
   */
  put(key: string, source: Readable, maxBytes: number, signal?: AbortSignal): Promise<StoredObject & { sha256: string }>;
  /** null where there is no such file. */
  stat(key: string): Promise<StoredObject | null>;
  /** Bytes first to last, both included. `release`: a part is used up, its memory may be used again. @throws AppError('media_missing') */
  read(key: string, first: number, last: number): Promise<Readable & { release?(part: Uint8Array): void }>;
  /** A path on this machine's disk, for ffprobe; a remote file is fetched first. `close` frees it. */
  localPath(key: string): Promise<{ path: string; close(): Promise<void> }>;
  /** A URL under which anybody may read it for so many seconds; absent: this storage has none. */
  presign?(key: string, ttlS: number): Promise<string>;
  /** Deleting what is not there changes nothing. */
  delete(key: string): Promise<void>;
}
