import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { etag, RETAINED_304_HEADERS } from 'hono/etag';
import { createRouter, type Router } from '../context.ts';

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
export function socialPageRoutes(): Router {
  const routes = createRouter();
  const names = readdirSync(fileURLToPath(FOLDER)).filter((name) => extname(name) in TYPES);

  // Browsers take a 304's headers over into the stored answer: the policy has to stay there.
  const conditional = etag({ retainedHeaders: [...RETAINED_304_HEADERS, 'content-security-policy'] });
  routes.use(PAGE_PATH, conditional);
  routes.use(`${PAGE_PATH}/*`, conditional);
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
