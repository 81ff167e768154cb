import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { finished, type Readable } from 'node:stream';
import { ApiError, fieldError } from './errors.ts';

/** Far more than a caption and its switches need. */
const MAX_METADATA_BYTES = 64 * 1024;
/** More than any form of ours has. */
const MAX_FIELDS = 20;
/** A sender that is silent for so long has gone, or means harm. */
const IDLE_MS = 60_000;

export interface Upload {
  /** Text of the part `metadata`; null where the request has none. */
  metadata: string | null;
  /** As its sender calls it, without folders. */
  file_name: string;
  /** To be read to its end; it breaks when the request does. */
  file: Readable;
}

export interface UploadOptions {
  contentType: string;
  /** The body. It is left as it is, never destroyed: the answer goes over the same connection. */
  source: Readable;
  /** needed: a part `metadata` comes before the file. none: there is the file only. */
  metadata: 'needed' | 'none';
  /** Takes parts of text other than the file, before it or behind it, instead of `metadata`; what it throws ends the reading. */
  onField?: (name: string, value: string) => void;
  /** Names that the part with the file may have; absent: `file`. */
  fileParts?: readonly string[];
  idleMs?: number;
}

/**
 * Reads a multipart/form-data body of the parts `metadata` and `file`, in this order, so that what is asked can be refused before
 * the first byte of the file is stored. Only a few buffers of it are ever in memory.
 * @param store takes the file; called once at most, and over when this settles
 * @returns what store gave, once the body has come to its proper end
 * @throws ApiError that names the part at fault; what store has kept by then is the caller's to remove
 */
export function readUpload<T>(options: UploadOptions, store: (upload: Upload) => Promise<T>): Promise<T> {
  const { source, contentType, metadata: wanted, onField, fileParts = ['file'], idleMs = IDLE_MS } = options;
  const parser = createParser(contentType, onField ? (name) => fileParts.includes(name ?? '') : (name) => name !== 'metadata');
  return new Promise<T>((resolve, reject) => {
    let metadata: string | null = null;
    let file: Readable | null = null;
    let stored: Promise<T> | null = null;
    let settled = false;

    const settle = (answer: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(idle);
      stopWatching();
      source.unpipe(parser);
      source.off('data', stillThere);
      source.on('error', () => undefined);
      answer();
    };
    const fail = (error: unknown): void =>
      settle(() => {
        file?.destroy(error as Error);
        const answer = (): void => reject(error as Error);
        if (stored) stored.then(answer, answer);
        else answer();
      });

    const attempt = (take: () => void): void => {
      try {
        take();
      } catch (error) {
        fail(error);
      }
    };
    const tooSilent = (): void => {
      if (source.isPaused()) stillThere();
      else fail(cutShort(`nothing came for ${idleMs / 1_000} s`));
    };
    let idle = setTimeout(tooSilent, idleMs);
    const stillThere = (): void => {
      clearTimeout(idle);
      idle = setTimeout(tooSilent, idleMs);
    };

    parser.on('field', (name, value, _nameCut, valueCut) => {
      if (onField) return valueCut ? fail(partTooLarge(name)) : attempt(() => onField(name, value));
      if (wanted === 'none') return fail(unknownPart('metadata'));
      if (metadata !== null) return fail(fieldError('metadata', 'is there twice'));
      if (valueCut) return fail(partTooLarge());
      metadata = value;
    });
    parser.on('file', (name: string | undefined, part, file_name: string | undefined) => {
      // Whoever stores it has destroyed it, and says why; the request is whole.
      part.on('error', (error) => (part.destroyed && stored ? undefined : fail(cutShort(error.message))));
      if (settled) return void part.resume();
      if (!fileParts.includes(name ?? '')) return fail(unknownPart(name ?? ''));
      if (file !== null) return fail(fieldError(name!, 'is there twice'));
      if (wanted === 'needed' && metadata === null) return fail(fieldError('metadata', 'must be a part before the part file'));
      file = part;
      stored = store({ metadata, file_name: cleanName(file_name), file: part });
      stored.catch(fail);
    });
    parser.on('error', (error) => fail(cutShort(error instanceof Error ? error.message : String(error))));
    parser.on('finish', () => {
      if (stored) stored.then((result) => settle(() => resolve(result)), fail);
      else fail(fieldError(fileParts[0]!, metadata === null && wanted === 'needed' ? 'is missing, and so is metadata before it' : 'is missing'));
    });
    const stopWatching = finished(source, { writable: false }, (error) => error && fail(cutShort(error.message)));
    source.on('data', stillThere);
    source.pipe(parser);
  });
}

function createParser(contentType: string, isFile: (name: string | undefined) => boolean): BusboyInstance {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) throw new ApiError('unsupported_media_type', { detail: 'send multipart/form-data with its boundary' });
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { fieldSize: MAX_METADATA_BYTES, fields: MAX_FIELDS, headerPairs: 20, headerSize: 8 * 1024 },
      // Browsers give a file name to JSON that is sent as a Blob; the part's name says what it is.
      isPartAFile: isFile,
    });
  } catch (error) {
    throw new ApiError('unsupported_media_type', { detail: 'multipart/form-data without a boundary' }, { cause: error });
  }
}

const MAX_NAME = 255;

function cleanName(name: string | undefined): string {
  const printable = (name ?? '').replace(/[\p{Cc}\p{Surrogate}/\\]/gu, '').trim();
  return Array.from(printable).slice(0, MAX_NAME).join('') || 'file';
}

const cutShort = (words: string): ApiError => fieldError('file', `the request broke off before its end (${words})`);
const unknownPart = (name: string): ApiError => fieldError(name.slice(0, 100) || 'body', 'is not a part of this request');
const partTooLarge = (name = 'metadata'): ApiError =>
  new ApiError('payload_too_large', {
    detail: `${name}: at most ${MAX_METADATA_BYTES} bytes`,
    errors: [{ field: name, message: `must have at most ${MAX_METADATA_BYTES} bytes` }],
  });
