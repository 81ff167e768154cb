import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { routePath } from 'hono/route';
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { acceptPost } from './accept-post.ts';
import { answerProblem, problemOf } from './problem.ts';

const REQUEST_ID = /^[\w=.-]{1,128}$/;

export interface AnsweredRequest {
  method: string;
  /** Its pattern: ids in paths would make endless series. */
  route: string;
  status: number;
  /** Until the head of the answer. */
  duration_ms: number;
}

/** The media host's HTTP side; parts add their routes. A slash at the end changes nothing: OBS sends it, others do not. */
export function mediaHttp(logger: Logger, onAnswered: (request: AnsweredRequest) => void = () => undefined): Hono {
  const app = new Hono({ strict: false });
  app.onError(answerProblem(logger));
  app.notFound((c) => problemOf(c, 'not_found', `no route ${c.req.method} ${c.req.path}`));
  app.use(async (c, next) => {
    const startedAt = performance.now();
    const given = c.req.header('x-request-id') ?? '';
    const request_id = REQUEST_ID.test(given) ? given : randomUUID();
    c.header('X-Request-Id', request_id);
    await next();
    // Not the query: it may hold a token. Not a WebRTC session's last part: who has it may end the session.
    const { method } = c.req;
    const path = c.req.path.replace(/^(\/(?:whip|whep)\/[^/]+\/).+/, '$1…');
    const { status } = c.res;
    const level = path.startsWith('/hls/') || path === '/health' ? 'debug' : 'info';
    const duration_ms = Math.round(performance.now() - startedAt);
    logger[level]({ request_id, method, path, status, duration_ms }, 'media request');
    const route = routePath(c, -1);
    onAnswered({ method, route: route.endsWith('*') ? 'none' : route, status, duration_ms });
  });
  app.use(acceptPost);
  app.use(
    cors({
      // No cookie is ever looked at: who may publish or watch is said by the bearer token alone.
      origin: '*',
      allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS'],
      allowHeaders: ['Authorization', 'Content-Type', 'If-Match', 'If-None-Match', 'Range', 'X-Request-Id'],
      exposeHeaders: ['Location', 'ETag', 'Link', 'Accept-Patch', 'Retry-After', 'X-Request-Id', 'Content-Range'],
      maxAge: 600,
    }),
  );
  return app;
}
