import { readFile } from 'node:fs/promises';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { livePagePolicy } from '../live-page-policy.ts';
import { conditional, documentHeaders } from '../page-files.ts';

const PAGES = new URL('../pages/', import.meta.url);

/** Camera, microphone and screen are asked for by the studio alone. */
const NO_DEVICES = 'camera=(), microphone=(), display-capture=()';
const OWN_DEVICES = 'camera=(self), microphone=(self), display-capture=(self)';

const DOCUMENTS = [
  { path: '/watch/vod/:id', folder: 'watch-vod', devices: NO_DEVICES },
  { path: '/watch/:id', folder: 'watch', devices: NO_DEVICES },
  { path: '/studio/:id', folder: 'studio', devices: OWN_DEVICES },
] as const;

/** The pages to watch a stream or a video, and to publish one. What they show they ask the API for. */
export function livePageRoutes(deps: ApiDeps): Router {
  const routes = createRouter();
  for (const { path, folder, devices } of DOCUMENTS) {
    routes.use(path, conditional);
    routes.get(path, async (c) => {
      const document = await readFile(new URL(`${folder}/index.html`, PAGES));
      return c.body(document, 200, { ...documentHeaders(await livePagePolicy(deps)), 'Permissions-Policy': devices });
    });
  }
  return routes;
}
