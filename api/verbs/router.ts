import { createRoute, z, type RouteConfig } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { findAccount, type AppUser } from '../../db/app-user.repository.ts';
import { findSocialApp } from '../../db/social-app.repository.ts';
import { readToken } from '../../db/signed-token.ts';
import { clientAddress } from '../client-address.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { createTokenBuckets, type TokenBuckets } from '../token-buckets.ts';
import { faultsOf, validationError } from '../validation.ts';
import { answerFault, answerVerb } from './answer.ts';
import { readFields } from './body.ts';
import { VERBS } from './index.ts';
import { refuseSuspended } from './person.ts';
import type { Verb, VerbAccess, VerbCall } from './verb.ts';

const TAG = 'Social app';
/** Names of verbs: camelCase, or one of the single words that such apps call. Anything else under /api is a route that is not there. */
const UNKNOWN_VERB = '/api/:verb{[a-z]{1,30}[A-Z][A-Za-z0-9]{0,40}|login|logout|search}';

/** POST /api/<verb>: the contract of mobile apps. Always HTTP 200; the outcome is `code` in the body. */
export function verbRoutes(deps: ApiDeps): Router {
  const router = createRouter();
  for (const verb of VERBS) {
    const buckets = createTokenBuckets(verb.turns_per_minute);
    router.openapi(documented(verb), ((c: Context<AppEnv>) => serve(c, deps, verb, buckets)) as never);
  }
  router.post(UNKNOWN_VERB, (c) => {
    const name = c.req.param('verb') ?? '';
    deps.metrics.unknownVerb(name);
    return answerVerb(c, 400, `This backend has no ${name}: docs/mobile-api.md lists what it has.`);
  });
  return router;
}

async function serve(c: Context<AppEnv>, deps: ApiDeps, verb: Verb, buckets: TokenBuckets): Promise<Response> {
  try {
    const fields = verb.readsBody ? {} : await readFields(c);
    const call = await callOf(c, deps, verb, fields, buckets);
    if (!isUnknownYet(verb, call)) takeTurn(buckets, verb, call);
    return answerVerb(c, 200, await verb.run(call, verb.readsBody ? {} : parse(verb, fields)));
  } catch (error) {
    return answerFault(c, error);
  }
}

async function callOf(c: Context<AppEnv>, deps: ApiDeps, verb: Verb, fields: Record<string, unknown>, buckets: TokenBuckets): Promise<VerbCall<VerbAccess>> {
  const workspace_id = await findSocialApp(deps.db);
  if (workspace_id === null) throw new ApiError('social_app_missing');
  const user = verb.access === 'public' ? null : await callerOf(c, deps, workspace_id, fields);
  if (verb.access === 'user' && user === null && !verb.readsBody) throw new ApiError('unauthenticated', { reason: 'missing' });
  const log = user === null ? c.get('log') : c.get('log').child({ user_id: user.id });
  const call: VerbCall<VerbAccess> = { deps, workspace_id, user: user as never, request_id: c.get('requestId'), address: clientAddress(c), signIn, log, c };
  return call;

  async function signIn(token: string | undefined): Promise<AppUser> {
    const found = token ? await userOf(deps, workspace_id!, token) : null;
    if (found === null) throw new ApiError('unauthenticated', { reason: 'missing' });
    takeTurn(buckets, verb, { ...call, user: found as never });
    return found;
  }
}

/** Their token is still to be read from the body. */
const isUnknownYet = (verb: Verb, call: VerbCall<VerbAccess>): boolean => verb.readsBody === true && verb.access === 'user' && (call.user as AppUser | null) === null;

/** Whose token the body or a header has; null: there is none. @throws ApiError where it says nothing, or of somebody who is gone */
async function callerOf(c: Context<AppEnv>, deps: ApiDeps, workspaceId: string, fields: Record<string, unknown>): Promise<AppUser | null> {
  const inBody = typeof fields.auth_token === 'string' ? fields.auth_token : '';
  const token = inBody || c.req.header('auth-token') || /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  return token ? userOf(deps, workspaceId, token) : null;
}

async function userOf({ db, config }: ApiDeps, workspaceId: string, token: string): Promise<AppUser> {
  const read = await readToken('access', token, config.jwtSecret);
  if (!read.ok) throw read.reason === 'expired' ? new ApiError('token_expired', { reason: 'expired' }) : new ApiError('unauthenticated', { reason: 'invalid', detail: 'auth_token is not valid' });
  const user = await findAccount(db, workspaceId, read.subject);
  if (!user) throw new ApiError('unauthenticated', { reason: 'invalid', detail: 'this account is not there any more' });
  refuseSuspended(user);
  return user;
}

function takeTurn(buckets: TokenBuckets, { name, turns_per_minute }: Verb, { user, address }: VerbCall<VerbAccess>): void {
  const retryAfterS = buckets.take((user as AppUser | null)?.id ?? address, Date.now());
  if (retryAfterS > 0) throw new ApiError('rate_limited', { retryAfterS, detail: `${turns_per_minute} ${name} a minute; again in ${retryAfterS} s` });
}

function parse(verb: Verb, fields: Record<string, unknown>): Record<string, unknown> {
  const parsed = verb.input.safeParse(fields);
  if (!parsed.success) throw validationError(faultsOf(parsed.error, 'body'));
  return parsed.data as Record<string, unknown>;
}

/** What /docs shows. What comes in is checked by `parse`, since faults too must answer 200. */
function documented(verb: Verb) {
  const schema = { ...z.toJSONSchema(verb.input, { io: 'input', unrepresentable: 'any' }), example: verb.example.request } as Record<string, unknown>;
  delete schema.$schema;
  delete schema.additionalProperties;
  const types = verb.readsBody ? ['multipart/form-data'] : ['application/json', 'application/x-www-form-urlencoded'];
  const answer = { type: 'object', required: ['code', 'msg'], properties: { code: { type: 'integer', enum: [200, 201, 400, 401, 500] }, msg: {} }, example: { code: 200, msg: verb.example.msg } };
  return createRoute({
    method: 'post',
    path: `/api/${verb.name}`,
    tags: [TAG],
    summary: verb.summary,
    ...(verb.description === undefined ? {} : { description: verb.description }),
    security: verb.access === 'user' ? [{ access_token: [] }] : [],
    request: { body: { content: Object.fromEntries(types.map((type) => [type, { schema }])) } },
    responses: { 200: { description: 'code 200: msg is what was asked for. Any other code: msg is a text for people.', content: { 'application/json': { schema: answer } } } },
    'x-access': verb.access === 'user' ? 'app_user' : 'app_public',
  } as RouteConfig);
}
