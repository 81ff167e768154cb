import { createDisplayCalls } from './display-calls.ts';
import { createCaller } from './caller.ts';
import type { OpenApiClient } from './client.ts';
import { createOAuthCalls } from './oauth-calls.ts';
import { createPublishCalls } from './publish-calls.ts';
import { createTransport } from './transport.ts';
import { createUploader } from './upload.ts';

export type { OpenApiClient } from './client.ts';

export interface OpenApiOptions {
  /** https://open.tiktokapis.com, or another server's base URL. */
  openApiUrl: string;
  app: { readonly client_key: string; readonly client_secret: string };
  /** For each call from connecting to the answer's last byte; an upload: without a byte going through. Default 30,000. */
  timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** A client of TikTok's Open API; it holds connections open until `close`. */
export function createOpenApiClient({ openApiUrl, app, timeoutMs = DEFAULT_TIMEOUT_MS }: OpenApiOptions): OpenApiClient {
  const transport = createTransport(openApiUrl, timeoutMs);
  const uploader = createUploader(openApiUrl, timeoutMs);
  const call = createCaller(transport, app);
  return {
    ...createOAuthCalls(call, app),
    ...createPublishCalls(call),
    ...createDisplayCalls(call),
    uploadChunk: (chunk, signal) => uploader.upload(chunk, signal),
    async close() {
      uploader.close();
      await transport.close();
    },
  };
}
