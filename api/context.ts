import type { HttpBindings } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import type { WorkspaceRole } from '../domain/permissions.ts';
import type { PlanTier } from '../domain/plans.ts';
import type { ApiDeps } from './deps.ts';
import { refuseFaults } from './validation.ts';

/** The workspace that a request is about, and what its member may do there. */
export interface RequestWorkspace {
  id: string;
  role: WorkspaceRole;
  plan_tier: PlanTier;
}

export interface AppEnv {
  /** Node's request and response; absent under app.request(). */
  Bindings: Partial<HttpBindings>;
  Variables: {
    deps: ApiDeps;
    requestId: string;
    /** Carries the request id. */
    log: Logger;
    /** Id of the signed-in user; not set on public routes. */
    userId: string;
    /** Set on routes whose access is a permission. */
    workspace: RequestWorkspace;
  };
}

export type Router = OpenAPIHono<AppEnv>;

/** An empty set of routes, whose faults of input become problem+json. @param init Hono's own options */
export const createRouter = (init: { getPath?: (request: Request) => string } = {}): Router => new OpenAPIHono<AppEnv>({ ...init, defaultHook: refuseFaults });
