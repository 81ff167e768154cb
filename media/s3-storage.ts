import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../domain/errors.ts';
import { createByteCounter } from './byte-counter.ts';
import type { MediaStorage, StoredObject } from './storage.ts';

export interface S3Options {
  bucket: string;
  region: string;
  /** An S3-compatible server; AWS where absent. */
  endpoint?: string | undefined;
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
}

/** S3 allows 10,000 parts: 4 GiB in parts of 8 MiB are 512. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_ONCE = 2;
/** S3 takes no longer ones. */
const LONGEST_PRESIGNED_S = 7 * 86_400;

/** Files in a bucket that every process reaches. An upload that ends early leaves no object and no parts. */
export function createS3Storage({ bucket, region, endpoint, credentials }: S3Options): MediaStorage {
  const client = new S3Client({
    region,
    // Servers other than AWS have no name for each bucket.
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...(credentials ? { credentials } : {}),
    requestHandler: { requestTimeout: 60_000, connectionTimeout: 5_000 },
    maxAttempts: 4,
  });
  const stat = async (key: string): Promise<StoredObject | null> => {
    try {
      const { ContentLength, ETag } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return { size_bytes: ContentLength ?? 0, version: ETag ?? '' };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  };
  const read = async (key: string, range?: string): Promise<Readable> => {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...(range ? { Range: range } : {}) }));
      return Body as Readable;
    } catch (error) {
      if (isMissing(error)) throw new AppError('media_missing', key, { cause: error });
      throw error;
    }
  };
  return {
    async put(key, source, maxBytes, signal) {
      const counter = createByteCounter(maxBytes);
      const body = new PassThrough();
      const upload = new Upload({
        client,
        params: { Bucket: bucket, Key: key, Body: body },
        partSize: PART_BYTES,
        queueSize: PARTS_AT_ONCE,
      });
      const sent = upload.done().catch((error: Error) => {
        body.destroy(error);
        throw error;
      });
      // A source that breaks breaks the body, on which the upload takes its parts back before it is over; its own abort() would not wait for that.
      const fed = pipeline(source, counter.stream, body, { signal });
      const abort = (): void => void upload.abort();
      // All of it was read: nothing is left that could break but the upload.
      const breakable = fed.then(() => (signal?.aborted ? abort() : signal?.addEventListener('abort', abort, { once: true })));
      // The reason lies with whoever failed first; the other only says that it was cut off.
      const [feeding, sending] = await Promise.allSettled([breakable, sent]);
      signal?.removeEventListener('abort', abort);
      if (feeding.status === 'rejected') throw feeding.reason;
      if (sending.status === 'rejected') throw sending.reason;
      return { ...(await stat(key))!, sha256: counter.sha256() };
    },
    stat,
    read: (key, first, last) => read(key, `bytes=${first}-${last}`),
    async localPath(key) {
      const folder = await mkdtemp(join(tmpdir(), 'showrunner-media-'));
      const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
      const path = join(folder, 'file');
      try {
        await pipeline(await read(key), createWriteStream(path, { mode: 0o600 }));
        return { path, close };
      } catch (error) {
        await close();
        throw error;
      }
    },
    presign: (key, ttlS) => getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: key }), { expiresIn: Math.min(ttlS, LONGEST_PRESIGNED_S) }),
    async delete(key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
  };
}

const isMissing = (error: unknown): boolean => error instanceof S3ServiceException && ['NoSuchKey', 'NotFound'].includes(error.name);
