import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRouter, type Router } from '../context.ts';
import { servePageFolder, serveFile } from '../page-files.ts';

/** Folders of api/pages/ whose modules several pages use, or whose page is not at a fixed address. */
const FOLDERS = ['shared', 'live', 'watch', 'watch-vod', 'studio'];

/** What pages take of installed packages: nothing comes from another site. */
const VENDORED: Readonly<Record<string, readonly [packageName: string, file: string]>> = {
  'hls.mjs': ['hls.js', 'dist/hls.min.mjs'],
  'hls.worker.js': ['hls.js', 'dist/hls.worker.js'],
  'socket.io.mjs': ['socket.io-client', 'dist/socket.io.esm.min.js'],
};

/** Installed files change with a release alone: an hour old is new enough, and then mostly a 304. */
const VENDORED_CACHING = { 'Cache-Control': 'public, max-age=3600' };

/** Scripts and styles of the pages, below /pages. */
export function pageFileRoutes(): Router {
  const routes = createRouter();
  for (const folder of FOLDERS) servePageFolder(routes, `/pages/${folder}`, fileURLToPath(new URL(`../pages/${folder}/`, import.meta.url)));
  const { resolve } = createRequire(import.meta.url);
  for (const [name, [packageName, file]] of Object.entries(VENDORED)) {
    serveFile(routes, `/pages/vendor/${name}`, join(dirname(resolve(`${packageName}/package.json`)), file), VENDORED_CACHING);
  }
  return routes;
}
