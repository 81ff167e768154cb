import type { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import { AppError } from '../domain/errors.ts';
import { assertAllowedLiteral, guardedLookup, isPublicAddress, PrivateAddressError, resolveByDns, type ResolveHost } from './public-address.ts';

export interface Downloaded {
  body: Readable;
  /** What the server says; null: it does not. */
  size_bytes: number | null;
}

/**
 * Opens what a URL names; its body is read by the caller, or destroyed.
 * @throws AppError vod_source_refused where it never will be given, unavailable where it may be later
 */
export interface Download {
  open(url: string, signal: AbortSignal): Promise<Downloaded>;
  close(): Promise<void>;
}

export interface DownloadOptions {
  /** ALLOW_PRIVATE_WEBHOOKS: private addresses too. */
  allowPrivate: boolean;
  /** Default: DNS. */
  resolve?: ResolveHost;
  /** Default: isPublicAddress. */
  isPublic?: (address: string) => boolean;
}

const MAX_REDIRECTS = 3;
const CONNECT_MS = 5_000;
const HEADERS_MS = 30_000;
/** Between two parts of the body. */
const IDLE_MS = 60_000;
const LATER = [408, 425, 429];

/** Fetches large files from addresses that people name, with the guard of outgoing webhooks on each redirect. */
export function createDownload({ allowPrivate, resolve = resolveByDns, isPublic = isPublicAddress }: DownloadOptions): Download {
  const isAllowed = allowPrivate ? () => true : isPublic;
  const agent = new Agent({ connections: 4, pipelining: 1, headersTimeout: HEADERS_MS, bodyTimeout: IDLE_MS, connect: { lookup: guardedLookup(resolve, isAllowed), timeout: CONNECT_MS } });

  const follow = async (first: string, signal: AbortSignal): Promise<Downloaded> => {
    let url = parse(first);
    for (let redirects = 0; ; redirects += 1) {
      assertAllowedLiteral(url.hostname, isAllowed);
      const { statusCode, headers, body } = await request(url.href, { dispatcher: agent, method: 'GET', headers: { 'user-agent': 'Showrunner/1', accept: 'video/*, */*;q=0.1' }, signal });
      if (statusCode === 200) return { body, size_bytes: headers['content-length'] === undefined ? null : Number(headers['content-length']) };
      // The rest of it is of no use: a body that is not read would keep its connection.
      body.on('error', () => undefined).destroy();
      const location = [headers.location].flat()[0];
      if (statusCode < 300 || statusCode >= 400 || location === undefined) throw refused(statusCode);
      if (redirects === MAX_REDIRECTS) throw new AppError('vod_source_refused', `more than ${MAX_REDIRECTS} redirects`);
      url = parse(URL.canParse(location, url.href) ? new URL(location, url).href : location);
    }
  };

  return {
    async open(url, signal) {
      try {
        return await follow(url, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof AppError) throw error;
        if (error instanceof PrivateAddressError) throw new AppError('vod_source_refused', error.message, { cause: error });
        throw new AppError('unavailable', error instanceof Error ? error.message || error.name : String(error), { cause: error });
      }
    },
    close: () => agent.destroy(),
  };
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw new AppError('vod_source_refused', `${text.slice(0, 200)} is no http or https URL`);
  return url;
}

const refused = (status: number): AppError => new AppError(status >= 500 || LATER.includes(status) ? 'unavailable' : 'vod_source_refused', `the server answers ${status}`);
