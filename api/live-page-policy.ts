import { sql } from 'kysely';
import type { Db } from '../db/client.ts';
import type { ApiDeps } from './deps.ts';

/** What media hosts wrote of themselves within this time counts; seconds. */
const SEEN_S = 600;
const KEPT_S = 5;
/** A policy longer than some thousand bytes is cut off by proxies. */
const MOST_HOSTS = 64;

async function mediaOrigins(db: Db): Promise<string[]> {
  const hosts = await db
    .selectFrom('media_hosts')
    .select('public_url')
    .where('seen_at', '>', sql<Date>`now() - make_interval(secs => ${SEEN_S})`)
    .orderBy('seen_at', 'desc')
    .limit(MOST_HOSTS)
    .execute();
  return hosts.map(({ public_url }) => new URL(public_url).origin);
}

/**
 * The policy of the pages that play and publish: our own files, the API and its socket, and the media hosts that are there.
 * hls.js feeds the player from memory (blob:) and works in a worker of ours; a video may come from object storage.
 */
export async function livePagePolicy({ db, cache, config }: Pick<ApiDeps, 'db' | 'cache' | 'config'>): Promise<string> {
  const known = await cache.through('media-origins', [], KEPT_S, () => mediaOrigins(db));
  const media = [...new Set([new URL(config.streaming.mediaUrl).origin, ...known])].join(' ');
  const socket = new URL(config.publicUrl).origin.replace(/^http/, 'ws');
  return [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' https: http:",
    `media-src 'self' blob: https: ${media}`,
    `connect-src 'self' ${socket} ${media}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
