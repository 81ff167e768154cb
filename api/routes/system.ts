import { z } from '@hono/zod-openapi';
import type { ApiConfig, ApiDeps } from '../deps.ts';
import { createRouter, type Router } from '../context.ts';
import { checkHealth, type Health } from '../health.ts';
import { landingPage } from '../landing.ts';
import { createRabbitCheck, type RabbitState } from '../rabbitmq-check.ts';
import { apiRoute, jsonAnswer } from '../route.ts';

const tags = ['System'];
const access = 'public';

const check = z.enum(['ok', 'failed']).openapi({ example: 'ok' });
const healthSchema = z
  .object({
    status: z
      .enum(['ok', 'degraded', 'unavailable'])
      .openapi({ example: 'ok', description: 'degraded: Temporal does not answer; reading and editing work.' }),
    checks: z.object({ postgres: check, temporal: check }),
  })
  .openapi('Health');
const liveSchema = z.object({ status: z.literal('ok') }).openapi('Live');
const reached = z.enum(['up', 'down']);
const link = z.string().openapi({ example: 'http://127.0.0.1:8080/docs' });
const indexSchema = z
  .object({
    name: z.literal('showrunner'),
    status: z.enum(['ok', 'degraded', 'unavailable']).openapi({ example: 'ok', description: 'As of /health; RabbitMQ has no part in it.' }),
    version: z.string().openapi({ example: '0.1.0' }),
    database: reached.openapi({ example: 'up' }),
    temporal: reached.openapi({ example: 'up' }),
    rabbitmq: z
      .enum(['up', 'down', 'off'])
      .openapi({ example: 'up', description: 'Asked at most every ten seconds. off: AMQP_URL is not set. down: messages wait until it is back.' }),
    tiktok: z.enum(['sandbox', 'production']).openapi({ example: 'sandbox' }),
    links: z.object({ docs: link, openapi: link, health: link, metrics: link, temporal_ui: link.nullable() }),
  })
  .openapi('Index');

const readiness = {
  200: jsonAnswer(healthSchema, 'Ready; degraded where Temporal does not answer.'),
  503: jsonAnswer(healthSchema, 'PostgreSQL does not answer.'),
};
const health = apiRoute({ method: 'get', path: '/health', access, tags, summary: 'Health: same as /health/ready', responses: readiness });
const ready = apiRoute({
  method: 'get',
  path: '/health/ready',
  access,
  tags,
  summary: 'Whether requests can be served',
  responses: readiness,
});
const live = apiRoute({
  method: 'get',
  path: '/health/live',
  access,
  tags,
  summary: 'Whether the process runs',
  responses: { 200: jsonAnswer(liveSchema, 'It runs.') },
});
const metrics = apiRoute({
  method: 'get',
  path: '/metrics',
  access,
  tags,
  summary: 'Metrics for Prometheus',
  responses: {
    200: {
      description: 'Prometheus text format.',
      content: { 'text/plain': { schema: z.string().openapi({ example: '# TYPE process_cpu_seconds_total counter' }) } },
    },
  },
});
const index = apiRoute({
  method: 'get',
  path: '/',
  access,
  tags,
  summary: 'What runs here',
  description: 'JSON; browsers get a page.',
  responses: { 200: jsonAnswer(indexSchema, 'Version, what answers, and links.') },
});

export function systemRoutes(deps: ApiDeps): Router {
  const routes = createRouter();
  const rabbitmq = createRabbitCheck(deps.config.amqpUrl);
  const readyAnswer = async () => {
    const found = await checkHealth(deps);
    return [found, found.status === 'unavailable' ? 503 : 200] as const;
  };
  routes.openapi(health, async (c) => c.json(...(await readyAnswer())));
  routes.openapi(ready, async (c) => c.json(...(await readyAnswer())));
  routes.openapi(live, (c) => c.json({ status: 'ok' as const }, 200));
  routes.openapi(metrics, async (c) => {
    const { registry } = deps.metrics;
    return c.text(await registry.metrics(), 200, { 'Content-Type': registry.contentType });
  });
  routes.get('/', async (c, next) => {
    if (!c.req.header('accept')?.includes('text/html')) return next();
    c.header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    return c.html(landingPage(describe(deps.config)));
  });
  routes.openapi(index, async (c) => {
    const [found, rabbit] = await Promise.all([checkHealth(deps), rabbitmq()]);
    return c.json({ ...describe(deps.config), ...stateOf(found, rabbit) }, 200);
  });
  return routes;
}

type Index = z.infer<typeof indexSchema>;
type State = Pick<Index, 'status' | 'database' | 'temporal' | 'rabbitmq'>;

const stateOf = ({ status, checks }: Health, rabbitmq: RabbitState): State => ({
  status,
  database: checks.postgres === 'ok' ? 'up' : 'down',
  temporal: checks.temporal === 'ok' ? 'up' : 'down',
  rabbitmq,
});

function describe({ version, publicUrl, tiktokMode, links }: ApiConfig): Omit<Index, keyof State> {
  return {
    name: 'showrunner',
    version,
    tiktok: tiktokMode,
    links: {
      docs: `${publicUrl}/docs`,
      openapi: `${publicUrl}/openapi.json`,
      health: `${publicUrl}/health`,
      metrics: `${publicUrl}/metrics`,
      temporal_ui: links.temporalUi,
    },
  };
}
