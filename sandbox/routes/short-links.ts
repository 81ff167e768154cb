import type { Context } from 'hono';
import { Hono } from 'hono';
import type { Registry } from '../rooms/registry.ts';

/**
 * vm.tiktok.com and vt.tiktok.com: `/{code}/` and, for those who keep both hosts apart by path, `/short/{code}`.
 * The code is a room's name, or one that was registered with the control API.
 */
export function shortLinkRoutes(registry: Registry, links: ReadonlyMap<string, string>): Hono {
  const app = new Hono();
  const follow = (c: Context, code: string): Response => {
    const target = links.get(code) ?? (registry.byName(code) ? `/@${code}/live` : null);
    if (target === null) return c.html('<html><body>404 Not Found</body></html>', 404);
    return c.redirect(new URL(target, originOf(c)).href, 302);
  };
  app.get('/short/:code', (c) => follow(c, c.req.param('code')));
  app.get('/short/:code/', (c) => follow(c, c.req.param('code')));
  app.get('/:code{[A-Za-z0-9._]+}', (c) => follow(c, c.req.param('code')));
  app.get('/:code{[A-Za-z0-9._]+}/', (c) => follow(c, c.req.param('code')));
  return app;
}

/** What the client called us: behind a name or a mapped port the URL that we listen on would be the wrong one. */
export const originOf = (c: Context): string => `http://${c.req.header('host') ?? new URL(c.req.url).host}`;
