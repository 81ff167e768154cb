import type { Readable } from 'node:stream';
import type {
  ChunkAnswer,
  CreatorInfo,
  InitAnswer,
  InitRequest,
  OpenApiResult,
  PublishStatus,
  TikTokUser,
  TikTokVideo,
  TokenGrant,
} from '../../domain/contracts/open-api.ts';

/** Bytes to send. `release`: a part has left this process, and its memory may be used again. */
export type UploadBody = Readable & { release?(part: Buffer): void };

/**
 * TikTok's Open API (https://developers.tiktok.com/doc/overview). Every call has a timeout and ends early by
 * `signal`; expected failures are values.
 */
export interface OpenApiClient {
  exchangeCode(input: { code: string; code_verifier: string | null; redirect_uri: string }, signal?: AbortSignal): Promise<OpenApiResult<TokenGrant>>;
  refresh(refreshToken: string, signal?: AbortSignal): Promise<OpenApiResult<TokenGrant>>;
  revoke(accessToken: string, signal?: AbortSignal): Promise<OpenApiResult<null>>;
  /** Asks only for the fields that the scopes cover: one field too many fails the whole call. */
  userInfo(accessToken: string, scopes: readonly string[], signal?: AbortSignal): Promise<OpenApiResult<TikTokUser>>;
  creatorInfo(accessToken: string, signal?: AbortSignal): Promise<OpenApiResult<CreatorInfo>>;
  init(accessToken: string, request: InitRequest, signal?: AbortSignal): Promise<OpenApiResult<InitAnswer>>;
  /** first and last: byte positions, both included. onSent: called with numbers of bytes that have left this process. */
  uploadChunk(
    input: { upload_url: string; content_type: string; first: number; last: number; total: number; body: UploadBody; onSent?: (bytes: number) => void },
    signal?: AbortSignal,
  ): Promise<OpenApiResult<ChunkAnswer>>;
  status(accessToken: string, publishId: string, signal?: AbortSignal): Promise<OpenApiResult<PublishStatus>>;
  cancel(accessToken: string, publishId: string, signal?: AbortSignal): Promise<OpenApiResult<null>>;
  /** Newest first, public posts only; `cursor`: milliseconds, older than. */
  listVideos(
    accessToken: string,
    page: { cursor?: number; max_count?: number },
    signal?: AbortSignal,
  ): Promise<OpenApiResult<{ videos: TikTokVideo[]; cursor: number | null; has_more: boolean }>>;
  /** At most 20 ids; what TikTok does not return is not there (any more). */
  queryVideos(accessToken: string, ids: readonly string[], signal?: AbortSignal): Promise<OpenApiResult<TikTokVideo[]>>;
  close(): Promise<void>;
}
