import { createRoute, type RouteConfig, type z } from '@hono/zod-openapi';
import { authorize, type Access, type AccessOptions } from './auth.ts';
import { DEFAULT_BODY_BYTES, jsonBody } from './json-body.ts';
import { PROBLEM_TYPE, problemSchema } from './problem.ts';

interface ApiRouteConfig extends Omit<RouteConfig, 'path' | 'security' | 'middleware' | 'tags' | 'summary'>, AccessOptions {
  summary: string;
  tags: string[];
  /** Most bytes of the body; 256 KiB where absent. */
  maxBodyBytes?: number;
  /** The handler reads the body itself: it is no JSON, or its bytes matter. */
  rawBody?: boolean;
}

/**
 * A route with what every route of ours has: who may call it, a bounded JSON body, and problem+json answers in the
 * document. Handlers answer only what `responses` says; everything else is thrown as ApiError or AppError.
 */
export function apiRoute<P extends string, const R extends ApiRouteConfig & { path: P }>(config: R) {
  const { access, workspaceFrom, credentialsInQuery, workspaceInQuery, maxBodyBytes, rawBody, ...route } = config;
  return createRoute({
    ...route,
    middleware: [authorize({ access, workspaceFrom, credentialsInQuery, workspaceInQuery }), ...(rawBody ? [] : [jsonBody(maxBodyBytes ?? DEFAULT_BODY_BYTES)])],
    security: access === 'public' ? [] : [{ access_token: [] }],
    responses: { ...route.responses, ...problems(access, route.request !== undefined) },
    'x-access': access,
  } as unknown as Omit<R, keyof AccessOptions | 'maxBodyBytes' | 'rawBody'> & { path: P });
}

const PROBLEMS = {
  401: 'The access token is missing, expired or not valid.',
  403: 'Your role lacks the permission, or the plan allows no more.',
  404: 'Not there, or not in your workspace.',
  422: 'The request has faults; each is named by its field.',
  429: 'Too many requests; Retry-After says when to come again.',
} as const;

function problems(access: Access, hasInput: boolean) {
  const statuses = [
    ...(access === 'public' ? [] : [401]),
    ...(access === 'public' || access === 'signed_in' ? [] : [403, 404, 429]),
    ...(hasInput ? [422] : []),
  ] as (keyof typeof PROBLEMS)[];
  const content = { [PROBLEM_TYPE]: { schema: problemSchema } };
  return {
    ...Object.fromEntries(statuses.map((status) => [status, { description: PROBLEMS[status], content }])),
    default: { description: 'Any other fault.', content },
  };
}

/** A required JSON body. */
export const jsonBodyOf = <T extends z.ZodType>(schema: T) => ({ content: { 'application/json': { schema } }, required: true as const });

/** A JSON answer. */
export const jsonAnswer = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});
