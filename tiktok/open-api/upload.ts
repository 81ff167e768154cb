import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { ChunkAnswer, OpenApiResult } from '../../domain/contracts/open-api.ts';
import { parseRetryAfter } from '../../domain/http-outcomes.ts';
import type { UploadBody } from './client.ts';
import { badAnswer, connectionFailure, refusal, unreachable } from './failures.ts';
import { NoAnswer, putStream, type PutAnswer } from './put-stream.ts';
import { redactor, type Redactor } from '../http/redact.ts';
import { isUploadUrl } from './upload-url.ts';

export interface ChunkUpload {
  upload_url: string;
  content_type: string;
  first: number;
  last: number;
  total: number;
  body: UploadBody;
  onSent?: ((bytes: number) => void) | undefined;
}

export interface Uploader {
  /** @throws what `body` failed with, AppError('media_changed') where it has another length, signal.reason */
  upload(chunk: ChunkUpload, signal?: AbortSignal): Promise<OpenApiResult<ChunkAnswer>>;
  close(): void;
}

const MAX_UPLOADS = 256;
/** Fewer system calls: this many bytes wait for the socket at most. */
const SOCKET_BUFFER_BYTES = 1024 * 1024;

/** Sends chunks of a file: https://developers.tiktok.com/docs/en/content-posting-api-media-transfer-guide. */
export function createUploader(openApiUrl: string, idleMs: number): Uploader {
  const options = { keepAlive: true, maxSockets: MAX_UPLOADS, highWaterMark: SOCKET_BUFFER_BYTES };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };

  return {
    async upload({ upload_url, content_type, first, last, total, body, onSent }, signal) {
      if (!isUploadUrl(upload_url, openApiUrl)) {
        body.destroy();
        return badAnswer(`TikTok gave an upload URL that is not TikTok’s (${hostOf(upload_url)}): nothing was sent.`, { definite: true, retryable: false });
      }
      const length = last - first + 1;
      const headers = { 'Content-Type': content_type, 'Content-Length': String(length), 'Content-Range': `bytes ${first}-${last}/${total}` };
      try {
        const answer = await putStream({ url: upload_url, headers, body, length, onSent, idleMs, agents, signal });
        return toChunkAnswer(answer, redactor(secretsOf(upload_url)));
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        return error.kind === 'idle' ? unreachable(`No byte of the upload went through for ${idleMs / 1_000} s.`) : connectionFailure(error.cause);
      }
    },
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function toChunkAnswer({ status, content_range, retry_after, log_id, text }: PutAnswer, redact: Redactor): OpenApiResult<ChunkAnswer> {
  const done = (value: ChunkAnswer): OpenApiResult<ChunkAnswer> => ({ ok: true, value });
  switch (status) {
    case 201:
      return done({ kind: 'complete' });
    case 200:
    case 206:
      return done({ kind: 'stored' });
    case 403:
      return done({ kind: 'dead', reason: `TikTok takes nothing more at this upload URL: it has expired (HTTP 403${said(redact(text))}).` });
    case 404:
      return done({ kind: 'dead', reason: `TikTok does not know this upload (HTTP 404${said(redact(text))}).` });
    case 416:
      return done({ kind: 'mismatch', uploaded_bytes: uploadedBytes(content_range) });
    default:
      if (status >= 400) return refusal({ status, tiktok_code: null, message: redact(text), log_id, retry_after_ms: parseRetryAfter(retry_after, Date.now()) });
      return badAnswer(`TikTok answered a chunk with HTTP ${status}, which its documentation does not know.`, { retryable: status < 300 });
  }
}

const said = (text: string): string => (text === '' ? '' : `: ${text}`);

/** `bytes 0-{UPLOADED_BYTES}/{TOTAL}`; null where it says nothing of the kind. */
function uploadedBytes(contentRange: string | null): number | null {
  const [, bytes] = /^\s*bytes\s+0-(\d{1,15})\/(\d+|\*)\s*$/i.exec(contentRange ?? '') ?? [];
  return bytes === undefined ? null : Number(bytes);
}

/** An upload URL is a secret by what stands in its path and query. */
function secretsOf(uploadUrl: string): string[] {
  const url = new URL(uploadUrl);
  return [uploadUrl, url.search, ...url.searchParams.values()];
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'not a URL').slice(0, 100);
