import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { openApiDocument } from '../openapi.ts';

const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

/** Only these are served, each from the installed package: the page needs nothing from outside. */
const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** No script but ours; Swagger UI sets style attributes. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>Showrunner API</title>
    <link rel="icon" href="/docs/favicon-32x32.png" />
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <div id="docs"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = `window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'list',
});
`;

/** The document and its page. `app` is the whole application: the document lists what it serves. */
export function docsRoutes({ config }: ApiDeps, app: Router): Router {
  const routes = createRouter();
  let document: ReturnType<typeof openApiDocument> | null = null;

  routes.get('/openapi.json', (c) => {
    document ??= openApiDocument(app, config.version);
    return c.json(document);
  });
  routes.get('/docs', (c) => {
    c.header('Content-Security-Policy', POLICY);
    return c.html(PAGE);
  });
  routes.get('/docs/start.js', (c) => c.body(START, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }));
  for (const [name, type] of Object.entries(ASSETS)) {
    routes.get(`/docs/${name}`, async (c) =>
      c.body(await readFile(join(SWAGGER_UI, name)), 200, { 'Content-Type': type, 'Cache-Control': 'public, max-age=3600' }),
    );
  }
  return routes;
}
