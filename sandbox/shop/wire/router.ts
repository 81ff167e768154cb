import type { Context } from 'hono';
import { Hono } from 'hono';
import type { z } from 'zod';
import type { Json } from '../../open-api/wire/json.ts';
import type { ShopScope } from '../state/apps.ts';
import type { Shop } from '../state/shops.ts';
import type { World } from '../world.ts';
import { answerOf, gatewayFault, shopError, type ShopFault } from './answers.ts';
import { parseFields, parseJsonBody } from './fields.ts';
import { admit, type Admitted, type EndpointRule, type RawCall } from './gateway.ts';
import type { ShopPath } from './paths.ts';
import { serve, type Env } from './serve.ts';

/** One call that the gateway has let through. */
export interface Call {
  app_key: string;
  seller: Admitted['grant']['seller'];
  /** @throws where the endpoint is a seller's */
  shop: Shop;
  now: number;
  /** What stands for {name} in the path. */
  param: (name: string) => string;
  query: <T>(schema: z.ZodType<T>) => T;
  body: <T>(schema: z.ZodType<T>) => T;
  /** Where the client reaches us. */
  origin: string;
}

interface Endpoint extends EndpointRule {
  method: string;
  path: ShopPath;
  pattern: RegExp;
  names: string[];
  handle: (call: Call) => Json;
}

/** The one place that knows which paths, and which methods of them, there are. */
export interface Router {
  add(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: ShopPath, scopes: readonly ShopScope[], handle: (call: Call) => Json, entity?: EndpointRule['entity']): void;
  routes: Hono<Env>;
}

const API_PATH = /^\/(authorization|seller|product|order|fulfillment|logistics|return_refund|event|finance|promotion|supply_chain|analytics)\//;
const MAX_BODY = 1_048_576;

export function createRouter(world: World): Router {
  const endpoints: Endpoint[] = [];
  const routes = new Hono<Env>();
  routes.all('*', async (c, next) => {
    const { pathname, searchParams } = new URL(c.req.url);
    if (!API_PATH.test(pathname)) return next();
    const onPath = endpoints.filter(({ pattern }) => pattern.test(pathname));
    // Of `…/packages/search` and `…/packages/{package_id}` the literal one is meant.
    const [literal] = onPath.toSorted((a, b) => a.names.length - b.names.length);
    const endpoint = onPath.find(({ method, path }) => method === c.req.method && path === literal?.path) ?? onPath.find(({ method }) => method === c.req.method);
    if (!endpoint) return refuse(world, onPath.length > 0 ? gatewayFault(36009010, 405, `The method ${c.req.method} is not allowed for this path.`) : unknownPath(pathname));
    const call: RawCall = {
      method: c.req.method,
      path: pathname,
      query: searchParams,
      contentType: c.req.header('content-type'),
      body: Buffer.from(await c.req.arrayBuffer()),
      token: c.req.header('x-tts-access-token'),
    };
    return answerCall(world, c, endpoint, call);
  });
  return {
    routes,
    add: (method, path, scopes, handle, entity = 'shop') => {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
      endpoints.push({ method, path, scopes, handle, entity, names, pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`) });
    },
  };
}

const answerCall = (world: World, c: Context<Env>, endpoint: Endpoint, call: RawCall): Promise<Response> =>
  serve(world, c, {
    path: endpoint.path,
    method: call.method,
    shop_id: world.shops.byCipher(call.query.get('shop_cipher') ?? '')?.id ?? null,
    app_key: call.query.get('app_key'),
    act: () => answerOf(world.clock.now, () => endpoint.handle(callOf(world, c, endpoint, call))),
  });

function callOf(world: World, c: Context<Env>, endpoint: Endpoint, raw: RawCall): Call {
  const { app, grant, shop } = admit(world, endpoint, raw);
  if (raw.body.length > MAX_BODY) throw gatewayFault(36009021, 400, 'The request body is too large.');
  const values = endpoint.pattern.exec(raw.path)?.slice(1) ?? [];
  return {
    app_key: app.app_key,
    seller: grant.seller,
    get shop() {
      if (!shop) throw new Error(`${endpoint.path} is not an endpoint of a shop.`);
      return shop;
    },
    now: world.clock.now(),
    param: (name) => decodeURIComponent(values[endpoint.names.indexOf(name)] ?? ''),
    query: (schema) => parseFields(schema, Object.fromEntries(raw.query)),
    body: (schema) => parseFields(schema, parseJsonBody(raw.body, raw.contentType)),
    origin: `http://${c.req.header('host') ?? new URL(c.req.url).host}`,
  };
}

function refuse(world: World, fault: ShopFault): Response {
  const { body, status, headers } = shopError(world.clock.now(), fault);
  return new Response(body, { status, headers });
}

const unknownPath = (pathname: string): ShopFault =>
  /^\/\w+\/\d{6}\//.test(pathname) ? gatewayFault(36009009, 404, 'Invalid path. There is no such API.') : gatewayFault(36009009, 404, 'Invalid path, or Invalid API version.');
