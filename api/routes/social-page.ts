import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { etag, RETAINED_304_HEADERS } from 'hono/etag';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';

const PAGE_PATH = '/crm/social/tiktok';
const FOLDER = new URL('../pages/social-tiktok/', import.meta.url);
const INDEX = 'index.html';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing but our own files and calls; a video is previewed from the browser's own memory. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  'media-src blob:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page for TikTok accounts and posts: the files of api/pages/social-tiktok/, as they are. */
export function socialPageRoutes({ config }: Pick<ApiDeps, 'config'>): Router {
  const routes = createRouter();
  const names = readdirSync(fileURLToPath(FOLDER)).filter((name) => extname(name) in TYPES);

  // Browsers take a 304's headers over into the stored answer: the policy has to stay there.
  const conditional = etag({ retainedHeaders: [...RETAINED_304_HEADERS, 'content-security-policy'] });
  routes.use(PAGE_PATH, conditional);
  routes.use(`${PAGE_PATH}/*`, conditional);
  routes.get(PAGE_PATH, async (c, next) => {
    const elsewhere = sameMachine(c.req.header('host'), config);
    return elsewhere === null ? next() : c.redirect(elsewhere + PAGE_PATH + new URL(c.req.url).search, 302);
  });
  routes.get(`${PAGE_PATH}/`, (c) => c.redirect(PAGE_PATH + new URL(c.req.url).search, 301));
  for (const name of names) {
    routes.get(name === INDEX ? PAGE_PATH : `${PAGE_PATH}/${name}`, async (c) =>
      c.body(await readFile(new URL(name, FOLDER)), 200, {
        'Content-Type': TYPES[extname(name)]!,
        // Asked for anew each time, so that a page never runs with the scripts of an older release; mostly answered with 304.
        'Cache-Control': 'no-cache',
        'Content-Security-Policy': POLICY,
      }),
    );
  }
  return routes;
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * TikTok returns people to the host of the redirect URI, and a cookie that was given to another name of this machine would be
 * missing there: who opened localhost is led to 127.0.0.1, or the other way round.
 * @returns the origin to go to; null: the page is where it should be
 */
function sameMachine(host: string | undefined, { tiktokApp, publicUrl }: ApiDeps['config']): string | null {
  const home = new URL(tiktokApp?.redirect_uri ?? publicUrl);
  const isOther = host !== undefined && LOOPBACK.test(host) && LOOPBACK.test(home.host) && host !== home.host;
  return isOther && portOf(host) === portOf(home.host) ? home.origin : null;
}

const portOf = (host: string): string => /:(\d+)$/.exec(host)?.[1] ?? '';
