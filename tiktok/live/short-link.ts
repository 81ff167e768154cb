import type { TikTokInput } from '../../domain/contracts/livestream.ts';
import { parseTikTokInput } from '../../domain/tiktok-input.ts';
import { getFromTikTok, urlUnder, type Call, type LiveContext } from './context.ts';
import { LiveError } from './errors.ts';

const MAX_HOPS = 5;
/** Where TikTok's share button leads in its app. */
const SHARED_ROOM = /^\/share\/live\/(\d{19})\/?$/;
const SHORT_HOST = /^(vm|vt)\.tiktok\.com$/;

/**
 * Follows a short link hop by hop, to TikTok's hosts only, until an address names a LIVE; that one is not asked.
 * @throws LiveError short_link_unresolved, tiktok_unreachable
 */
export async function resolveShortLink(context: LiveContext, call: Call, link: string): Promise<TikTokInput> {
  let at = new URL(link);
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const answer = await getFromTikTok(context, call, addressOf(context, at));
    if (answer.status >= 500) throw new LiveError('tiktok_unreachable', { detail: `HTTP ${answer.status}` });
    const location = answer.header('location');
    if (answer.status < 300 || answer.status >= 400 || !location) throw unresolved(`HTTP ${answer.status}`);
    at = nextHop(context, at, location);
    const input = liveOf(at);
    if (input) return input;
  }
  throw unresolved(`more than ${MAX_HOPS} redirects`);
}

/** Where a redirect leads, as an address of TikTok's. */
function nextHop(context: LiveContext, from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw unresolved('a redirect to no address');
  const next = new URL(location, from);
  // A stand-in for TikTok names itself where TikTok would name www.tiktok.com.
  if (next.origin === new URL(context.urls.web).origin) return new URL(`https://www.tiktok.com${next.pathname}${next.search}`);
  const isTikTok = next.hostname === 'tiktok.com' || next.hostname.endsWith('.tiktok.com');
  if (next.protocol !== 'https:' || !isTikTok || next.port || next.username || next.password)
    throw unresolved('a redirect away from TikTok');
  return next;
}

/** Where to ask for it: at TikTok itself, or at what stands in for it. Nothing else is ever asked. */
function addressOf(context: LiveContext, url: URL): URL {
  const web = new URL(context.urls.web);
  if (web.hostname === 'tiktok.com' || web.hostname.endsWith('.tiktok.com')) return url;
  const path = SHORT_HOST.test(url.hostname) ? `short${url.pathname}` : url.pathname;
  return urlUnder(context.urls.web, path, Object.fromEntries(url.searchParams));
}

function liveOf(url: URL): TikTokInput | null {
  const shared = SHARED_ROOM.exec(url.pathname)?.[1];
  const parsed = parseTikTokInput(shared ?? `https://www.tiktok.com${url.pathname}`);
  return parsed.ok && parsed.input.kind !== 'short_link' && !SHORT_HOST.test(url.hostname) ? parsed.input : null;
}

const unresolved = (detail: string): LiveError => new LiveError('short_link_unresolved', { detail });
