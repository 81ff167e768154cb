import type { IncomingMessage, ServerResponse } from 'node:http';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { openApiControlRoutes } from './control/routes.ts';
import { acceptUpload } from './publishing/upload.ts';
import { assetRoutes } from './routes/assets.ts';
import { authorizeRoutes } from './routes/authorize.ts';
import { oauthRoutes } from './routes/oauth.ts';
import { publishRoutes } from './routes/publish.ts';
import { statusRoutes } from './routes/status.ts';
import { userRoutes } from './routes/user.ts';
import { videoRoutes } from './routes/videos.ts';
import type { Env } from './wire/serve.ts';
import { createWorld } from './world.ts';

/** No call of the JSON API needs more. */
const MAX_JSON = 1_048_576;

/** The Open API half of the sandbox. */
export interface OpenApi {
  /** Consent page, OAuth, publishing, statistics. */
  routes: Hono<Env>;
  /** To be mounted under /control/open-api. */
  control: Hono;
  /** Takes the request where it is a PUT of a chunk. */
  acceptUpload(request: IncomingMessage, response: ServerResponse): boolean;
  reset(): void;
}

export function createOpenApi({ webhookUrl }: { webhookUrl: string | null }): OpenApi {
  const world = createWorld(webhookUrl);
  const routes = new Hono<Env>();
  routes.use('/v2/*', bodyLimit({ maxSize: MAX_JSON }));
  for (const part of [authorizeRoutes, oauthRoutes, userRoutes, publishRoutes, statusRoutes, videoRoutes]) routes.route('/', part(world));
  routes.route('/', assetRoutes());
  return { routes, control: openApiControlRoutes(world), acceptUpload: (request, response) => acceptUpload(world, request, response), reset: world.reset };
}
