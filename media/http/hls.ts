import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Context, Hono } from 'hono';
import { rangeOf } from '../../domain/streaming/byte-range.ts';
import { multivariantPlaylist } from '../../domain/streaming/hls-playlist.ts';
import { parseReload } from '../../domain/streaming/hls-reload.ts';
import type { HlsBytes, HlsMedia } from '../hls/hls-media.ts';
import type { HlsPlaylists } from '../hls/hls-playlists.ts';
import { createRecent } from '../hls/recent.ts';
import type { ViewerCount } from '../hls/viewer-count.ts';
import type { MediaGate, ViewGrant } from '../live-session.ts';
import { problemOf } from './problem.ts';
import { addressOf, bearerOf } from './webrtc-request.ts';

export interface HlsRoutesOptions {
  gate: Pick<MediaGate, 'viewer'>;
  hostId: string;
  playlists: HlsPlaylists;
  media: HlsMedia;
  viewers: ViewerCount;
  trustedProxies: number;
}

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
const SEGMENT_TYPE = 'video/mp4';
/** A token that was refused must not be asked for with each segment; one that is revoked must not play on for long. */
const GRANT_MS = 3_000;
const MAX_GRANTS = 20_000;
const YEAR_S = 31_536_000;
const ID = '[0-9a-fA-F-]{36}';

/**
 * HLS over HTTP: https://datatracker.ietf.org/doc/html/draft-ietf-hls-rfc8216bis. What never changes may be kept by a CDN for ever, playlists
 * for a second, and those that are waited for not at all.
 */
export function addHlsRoutes(app: Hono, { gate, hostId, playlists, media, viewers, trustedProxies }: HlsRoutesOptions): void {
  const grants = createRecent<ViewGrant>(GRANT_MS, MAX_GRANTS);

  /** Who may watch, and where: an answer that sends the player elsewhere, or null. */
  async function admit(c: Context, streamId: string): Promise<{ grant: ViewGrant; token: string | null; elsewhere: Response | null }> {
    const token = tokenOf(c);
    const grant = await grants(`${streamId}:${token === null ? '' : createHash('sha256').update(token).digest('base64')}`, () => gate.viewer(streamId, token));
    const { pathname, search } = new URL(c.req.url);
    const elsewhere = grant.host && grant.host.id !== hostId ? c.body(null, 307, { location: `${grant.host.public_url}${pathname}${search}`, 'cache-control': 'no-store' }) : null;
    // Only where it is needed: public addresses must be the same for all.
    return { grant, token: grant.visibility === 'private' ? token : null, elsewhere };
  }

  app.get(`/hls/:stream{${ID}}/index.m3u8`, async (c) => {
    const { stream } = c.req.param();
    const { token, elsewhere } = await admit(c, stream);
    if (elsewhere) return elsewhere;
    const { variant, latency } = await playlists.variant(stream);
    // Tells players apart; segments have addresses without it.
    const uri = `media.m3u8?${new URLSearchParams({ viewer: randomUUID(), ...(token === null ? {} : { token }) }).toString()}`;
    return c.body(multivariantPlaylist(variant, latency, uri), 200, { 'content-type': PLAYLIST_TYPE, 'cache-control': 'no-store' });
  });

  app.get(`/hls/:stream{${ID}}/media.m3u8`, async (c) => {
    const { stream } = c.req.param();
    const { token, elsewhere } = await admit(c, stream);
    if (elsewhere) return elsewhere;
    const reload = parseReload(c.req.query('_HLS_msn'), c.req.query('_HLS_part'));
    if (reload === 'invalid') return problemOf(c, 'hls_reload_invalid', '_HLS_msn and _HLS_part are whole numbers, and a part needs its _HLS_msn.');
    viewers.seen(stream, viewerOf(c, token, trustedProxies));
    const query = token === null ? '' : `?${new URLSearchParams({ token }).toString()}`;
    const answer = await playlists.media(stream, query, reload, c.req.raw.signal);
    if (answer.kind === 'too_far') return problemOf(c, 'hls_reload_invalid', 'The playlist is not that far yet: ask for what comes next.');
    if (answer.kind !== 'playlist') {
      c.header('Retry-After', '1');
      return problemOf(c, 'unavailable', 'Nothing came in time.');
    }
    const cache = reload ? 'no-store' : `${token === null ? 'public' : 'private'}, max-age=1`;
    return c.body(answer.text, 200, { 'content-type': PLAYLIST_TYPE, 'cache-control': cache });
  });

  app.get(`/hls/:stream{${ID}}/:run{${ID}}/init.mp4`, async (c) => {
    const { stream, run } = c.req.param();
    const { token, elsewhere } = await admit(c, stream);
    return elsewhere ?? send(c, await media.init(stream, run), `"${run}-init"`, token);
  });

  app.get(`/hls/:stream{${ID}}/:run{${ID}}/:file{\\d{1,15}(\\.\\d{1,6})?\\.m4s}`, async (c) => {
    const { stream, run, file } = c.req.param();
    const { token, elsewhere } = await admit(c, stream);
    if (elsewhere) return elsewhere;
    const [sequence, part] = file.replace(/\.m4s$/, '').split('.').map(Number);
    const bytes = part === undefined ? await media.segment(stream, run, sequence!) : await media.part(stream, run, sequence!, part, c.req.raw.signal);
    return send(c, bytes, `"${run}-${file}"`, token);
  });
}

/** By header, or in the address: players set no headers. */
const tokenOf = (c: Context): string | null => bearerOf(c) || (c.req.query('token') ?? null);

/** One player: by what index.m3u8 gave it, else by what it says of itself. */
function viewerOf(c: Context, token: string | null, trustedProxies: number): string {
  const given = c.req.query('viewer');
  if (given) return given.slice(0, 64);
  return createHash('sha256')
    .update(JSON.stringify([addressOf(c, trustedProxies), c.req.header('user-agent'), token]))
    .digest('base64');
}

/** What an address names never changes. */
async function send(c: Context, { size, read }: HlsBytes, etag: string, token: string | null): Promise<Response> {
  const headers = {
    'content-type': SEGMENT_TYPE,
    'cache-control': `${token === null ? 'public' : 'private'}, max-age=${YEAR_S}, immutable`,
    etag,
    'accept-ranges': 'bytes',
  };
  if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers);
  const range = rangeOf(c.req.header('range'), size);
  if (range === 'unsatisfiable') return c.body(null, 416, { ...headers, 'cache-control': 'no-store', 'content-range': `bytes */${size}` });
  const { first, last } = range ?? { first: 0, last: size - 1 };
  const answer: Record<string, string> = { ...headers, 'content-length': String(last - first + 1) };
  if (range) answer['content-range'] = `bytes ${first}-${last}/${size}`;
  const status = range ? 206 : 200;
  if (c.req.method === 'HEAD') return c.body(null, status, answer);
  const bytes = await read(first, last);
  return c.body(bytes instanceof Readable ? (Readable.toWeb(bytes) as ReadableStream) : new Uint8Array(bytes), status, answer);
}

