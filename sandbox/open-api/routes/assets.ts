import { Hono } from 'hono';
import { html } from 'hono/html';
import { hashOf } from '../../catalogue/random.ts';
import type { Env } from '../wire/serve.ts';

/** Pictures behind the avatar and cover URLs, so that a page that shows them works offline. */
export function assetRoutes(): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/open-api-assets/:kind{avatar|cover}/:name{.+\\.svg}', async (c) => {
    const name = c.req.param('name').slice(0, -4);
    const [width, height] = c.req.param('kind') === 'avatar' ? [100, 100] : [108, 192];
    const picture = await html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="hsl(${hashOf(name) % 360} 60% 45%)"/><text x="50%" y="50%" fill="#fff" font-family="sans-serif" font-size="40" text-anchor="middle" dominant-baseline="central">${name.slice(0, 1).toUpperCase()}</text></svg>`;
    return c.body(String(picture), 200, { 'content-type': 'image/svg+xml', 'cache-control': 'max-age=3600' });
  });
  return app;
}
