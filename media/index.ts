import { createLocalStorage, mediaFolder } from './local-storage.ts';
import { createS3Storage, type S3Options } from './s3-storage.ts';
import type { MediaStorage } from './storage.ts';

/** The variables of the environment that say where media lie. */
export interface MediaEnvironment {
  DATA_DIR: string;
  S3_BUCKET?: string | undefined;
  S3_REGION: string;
  S3_ENDPOINT?: string | undefined;
  S3_ACCESS_KEY_ID?: string | undefined;
  S3_SECRET_ACCESS_KEY?: string | undefined;
}

/** A bucket where one is named, else this machine's disk. */
export function createMediaStorage(env: MediaEnvironment): MediaStorage {
  return env.S3_BUCKET ? createS3Storage(s3Options(env, env.S3_BUCKET)) : createLocalStorage(mediaFolder(env.DATA_DIR));
}

/** Without keys the SDK looks for them where AWS's own tools do. */
function s3Options({ S3_REGION, S3_ENDPOINT, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY }: MediaEnvironment, bucket: string): S3Options {
  const credentials =
    S3_ACCESS_KEY_ID && S3_SECRET_ACCESS_KEY ? { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY } : undefined;
  return { bucket, region: S3_REGION, endpoint: S3_ENDPOINT, credentials };
}
