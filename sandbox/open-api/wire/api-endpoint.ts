import type { Context, Hono } from 'hono';
import type { z } from 'zod';
import type { Account } from '../state/accounts.ts';
import type { Grant } from '../state/grants.ts';
import type { Scope } from '../state/settings-schema.ts';
import type { World } from '../world.ts';
import { apiError, ApiFault, apiOk, type Answer } from './answers.ts';
import type { Json } from './json.ts';
import type { OpenApiPath } from './paths.ts';
import { serve, type Env } from './serve.ts';

/** One call of somebody with a living token, the scope and some of the rate limit left. */
export interface Call {
  account: Account;
  grant: Grant;
  now: number;
  query: (name: string) => string | undefined;
  /** The JSON body as the schema reads it. @throws ApiFault invalid_params that names the field */
  body: <T>(schema: z.ZodType<T>) => T;
  /** Where the client reaches us. */
  origin: string;
}

interface Rule {
  method: 'GET' | 'POST';
  path: OpenApiPath;
  /** One of them is enough. */
  scopes: readonly Scope[];
  limit: () => { counter: string; perMinute: number };
}

/** Mounts one path of the JSON API: token, scope, rate limit, then what it does; its value is the answer's `data`. */
export function apiEndpoint(app: Hono<Env>, world: World, rule: Rule, handle: (call: Call) => Json): void {
  app.on(rule.method, rule.path, async (c) => {
    const text = await c.req.text();
    const token = bearerOf(c);
    return serve(world, c, {
      path: rule.path,
      account: token === null ? null : world.grants.accountOfAccess(token),
      act: () => answerOf(world, () => handle(admit(world, rule, c, token, text))),
      refuse: (status, code, message) => apiError(world.clock.now(), new ApiFault(status, code, message)),
    });
  });
}

function answerOf(world: World, run: () => Json): Answer {
  try {
    return apiOk(world.clock.now(), run());
  } catch (error) {
    if (error instanceof ApiFault) return apiError(world.clock.now(), error);
    throw error;
  }
}

function admit(world: World, { scopes, limit }: Rule, c: Context<Env>, token: string | null, text: string): Call {
  const grant = token === null ? null : world.grants.byAccess(token);
  if (!grant || token === null) {
    if (token !== null) world.journal.count(world.grants.accountOfAccess(token), 'dead_access_tokens');
    throw new ApiFault(401, 'access_token_invalid', 'The access token is invalid or not found in the request.');
  }
  demandScope(grant, scopes);
  const { counter, perMinute } = limit();
  if (!world.limiter.admit(`${token}|${counter}`, perMinute)) {
    const { retry_after_s } = world.settings.current.limits;
    const headers: Record<string, string> = retry_after_s === null ? {} : { 'retry-after': String(retry_after_s) };
    throw new ApiFault(429, 'rate_limit_exceeded', 'The API rate limit was exceeded. Please try again later.', { headers });
  }
  return {
    account: grant.account,
    grant,
    now: world.clock.now(),
    query: (name) => c.req.query(name),
    body: (schema) => parseBody(schema, text, c.req.header('content-type')),
    origin: `http://${c.req.header('host') ?? new URL(c.req.url).host}`,
  };
}

/** @throws ApiFault where the grant has none of them */
export function demandScope(grant: Grant, anyOf: readonly Scope[]): void {
  if (anyOf.some((scope) => grant.scopes.includes(scope))) return;
  throw new ApiFault(401, 'scope_not_authorized', 'The user did not authorize the scope required for completing this request.');
}

/** `invalid_params` is what servers send, whatever the posting docs print. */
export const invalidParams = (message: string): ApiFault => new ApiFault(400, 'invalid_params', message);

function parseBody<T>(schema: z.ZodType<T>, text: string, contentType: string | undefined): T {
  if (text !== '' && !/^application\/json\b/i.test(contentType ?? '')) throw invalidParams('Content-Type must be application/json.');
  let value: unknown;
  try {
    value = text === '' ? {} : JSON.parse(text);
  } catch {
    throw invalidParams('The request body is not valid JSON.');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidParams(`Invalid field ${issue?.path.join('.') || 'body'}: ${issue?.message ?? ''}`);
}

const bearerOf = (c: Context): string | null => /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? null;

/** The query parameter `fields`, which TikTok demands although the call is a POST. @throws ApiFault */
export function fieldsOf(call: Call, known: ReadonlySet<string>): string[] {
  const fields = (call.query('fields') ?? '').split(',').map((field) => field.trim()).filter((field) => field !== '');
  if (fields.length === 0) throw invalidParams('The query parameter fields is required.');
  const unknown = fields.find((field) => !known.has(field));
  if (unknown !== undefined) throw invalidParams(`Unknown field in fields: ${unknown}`);
  return fields;
}
