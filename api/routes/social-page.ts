import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { conditional, documentHeaders, servePageFolder } from '../page-files.ts';

const PAGE_PATH = '/crm/social/tiktok';
const FOLDER = new URL('../pages/social-tiktok/', import.meta.url);

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
  routes.use(PAGE_PATH, conditional);
  routes.get(PAGE_PATH, async (c, next) => {
    const elsewhere = sameMachine(c.req.header('host'), config);
    return elsewhere === null ? next() : c.redirect(elsewhere + PAGE_PATH + new URL(c.req.url).search, 302);
  });
  routes.get(`${PAGE_PATH}/`, (c) => c.redirect(PAGE_PATH + new URL(c.req.url).search, 301));
  routes.get(PAGE_PATH, async (c) => c.body(await readFile(new URL('index.html', FOLDER)), 200, documentHeaders(POLICY)));
  servePageFolder(routes, PAGE_PATH, fileURLToPath(FOLDER), { 'Content-Security-Policy': POLICY });
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
