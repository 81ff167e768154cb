import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { etag, RETAINED_304_HEADERS } from 'hono/etag';
import type { Router } from './context.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Asked for anew each time, so that a page never runs with the scripts of an older release; mostly answered with 304. */
export const PAGE_CACHING = 'no-cache';

/** What a page's document is sent with. */
export const documentHeaders = (policy: string): Record<string, string> => ({
  'Content-Type': TYPES['.html']!,
  'Cache-Control': PAGE_CACHING,
  'Content-Security-Policy': policy,
});

/** Answers 304 to who has it already. Browsers take a 304's headers over into the stored answer: the policy has to stay there. */
export const conditional = etag({ retainedHeaders: [...RETAINED_304_HEADERS, 'content-security-policy'] });

/** Serves one file of this machine under `path`. */
export function serveFile(routes: Router, path: string, file: string, headers: Record<string, string> = {}): void {
  const type = TYPES[extname(file)];
  if (!type) throw new TypeError(`${file}: a page has no files of this kind`);
  routes.use(path, conditional);
  routes.get(path, async (c) => c.body(await readFile(file), 200, { 'Content-Type': type, 'Cache-Control': PAGE_CACHING, ...headers }));
}

/** Serves the scripts, styles and pictures of a folder below `prefix`, as they are; documents are their routes' business. */
export function servePageFolder(routes: Router, prefix: string, folder: string, headers: Record<string, string> = {}): void {
  for (const name of readdirSync(folder)) {
    const kind = extname(name);
    if (kind in TYPES && kind !== '.html') serveFile(routes, `${prefix}/${name}`, join(folder, name), headers);
  }
}
