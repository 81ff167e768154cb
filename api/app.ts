import { types } from 'node:util';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { routePath } from 'hono/route';
import { secureHeaders } from 'hono/secure-headers';
import { getPath } from 'hono/utils/url';
import { newId } from '../db/ids.ts';
import { createRouter, type AppEnv, type Router } from './context.ts';
import type { ApiConfig, ApiDeps } from './deps.ts';
import { answerError, problemResponse } from './problem.ts';
import { describeScheme } from './openapi.ts';
import { mountRoutes } from './routes/index.ts';

/** The whole HTTP side, without a port: `app.request()` in tests, `serve({ fetch: app.fetch })` in main. */
export function createApp(deps: ApiDeps): Router {
  const app = createRouter({ getPath: pathWithoutLastSlash });
  app.onError(answerError);
  app.notFound((c) => problemResponse(c, 'not_found', { detail: `no route ${c.req.method} ${c.req.path}` }));
  app.use(identify(deps), record, headers(deps.config), onlyErrors);
  if (deps.config.corsOrigins.length > 0) app.use('*', crossOrigin(deps.config));
  describeScheme(app);
  mountRoutes(app, deps);
  return app;
}

/** A slash at the end changes nothing: some clients send it, and some leave it out. Pages have names of their own. */
function pathWithoutLastSlash(request: Request): string {
  const path = getPath(request);
  return path.length > 1 && path.endsWith('/') && !path.startsWith('/crm/') ? path.slice(0, -1) : path;
}

const REQUEST_ID = /^[\w=.-]{1,128}$/;

/** Gives each request its id, the caller's own where it is harmless in a log. */
const identify =
  (deps: ApiDeps): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const given = c.req.header('x-request-id') ?? '';
    const requestId = REQUEST_ID.test(given) ? given : newId();
    c.set('deps', deps);
    c.set('requestId', requestId);
    c.set('log', deps.logger.child({ request_id: requestId }));
    c.header('X-Request-Id', requestId);
    await next();
  };

/** One line and one measurement for each request; the query stays out: it may hold a token. */
const record: MiddlewareHandler<AppEnv> = async (c, next) => {
  const startedAt = performance.now();
  await next();
  const duration_ms = Math.round((performance.now() - startedAt) * 10) / 10;
  const route = routePath(c, -1);
  const { method, path } = c.req;
  const { status } = c.res;
  const level = path.startsWith('/health') || path === '/metrics' ? 'debug' : 'info';
  c.get('log')[level]({ method, path, route, status, duration_ms }, 'request');
  c.get('deps').metrics.requests.observe(
    { method, route: route.endsWith('*') ? 'none' : route, status: String(status) },
    duration_ms / 1000,
  );
};

/** Hono answers Errors only: whatever else a library throws would end as plain text. */
const onlyErrors: MiddlewareHandler = async (_c, next) => {
  try {
    await next();
  } catch (thrown) {
    throw thrown instanceof Error ? thrown : new Error(types.isNativeError(thrown) ? thrown.message : String(thrown), { cause: thrown });
  }
};

const headers = (config: ApiConfig): MiddlewareHandler<AppEnv> => {
  const secure = secureHeaders({
    xFrameOptions: 'DENY',
    strictTransportSecurity: config.publicUrl.startsWith('https:') ? 'max-age=31536000' : false,
  });
  return async (c, next) => {
    await secure(c, next);
    // Answers are data; only /docs and the landing page bring a policy of their own.
    if (!c.res.headers.has('Content-Security-Policy'))
      c.res.headers.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  };
};

/** Of resumable uploads: https://tus.io/protocols/resumable-upload */
const TUS_HEADERS = ['Tus-Resumable', 'Tus-Version', 'Tus-Extension', 'Tus-Max-Size', 'Upload-Length', 'Upload-Offset', 'Upload-Metadata', 'Upload-Defer-Length', 'Upload-Expires'];

const crossOrigin = ({ corsOrigins }: ApiConfig): MiddlewareHandler =>
  cors({
    origin: corsOrigins,
    allowHeaders: ['Authorization', 'Content-Type', 'X-Workspace-Id', 'X-Request-Id', 'Last-Event-ID', 'Idempotency-Key', 'Range', 'If-Range', ...TUS_HEADERS],
    exposeHeaders: ['X-Request-Id', 'Retry-After', 'Location', 'ETag', 'Content-Range', 'Accept-Ranges', ...TUS_HEADERS],
    maxAge: 600,
  });
