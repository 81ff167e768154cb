import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SANDBOX_SHOP_APP } from '../../domain/sandbox-app.ts';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/server.ts';

export const UK = 'Nordlicht UK';
export const INDONESIA = 'Nordlicht Indonesia';

export interface ShopReply {
  status: number;
  headers: Headers;
  text: string;
  code: number | undefined;
  message: string;
  data: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- answers of every shape, looked into by matchers
}
export interface ShopCallInput {
  method?: string;
  query?: Record<string, string>;
  body?: unknown;
  /** undefined: that of the helper; null: the header is left out. */
  token?: string | null;
  /** The shop by name; null: without a cipher. */
  shop?: string | null;
  app?: { app_key: string; app_secret: string };
  /** Takes part in what is sent after it was signed. */
  tamper?: (url: URL) => void;
  headers?: Record<string, string>;
}

/** As the reference describes it, in the test's own words. */
export function shopSign(secret: string, path: string, query: Record<string, string>, body: string): string {
  const keys = Object.keys(query).filter((key) => key !== 'sign' && key !== 'access_token').sort();
  return createHmac('sha256', secret).update(secret + path + keys.map((key) => key + query[key]).join('') + body + secret).digest('hex');
}

/** A fresh sandbox and plain HTTP calls to its Shop half; nothing of the product's client. */
export class ShopSandbox {
  readonly #sandbox: Sandbox;
  readonly url: string;
  token = '';
  refreshToken = '';
  shops: Record<string, { id: string; cipher: string; warehouses: { id: string }[] }> = {};

  private constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    this.url = sandbox.url;
  }

  static async start(options: SandboxOptions = {}): Promise<ShopSandbox> {
    const sandbox = new ShopSandbox(await createSandbox(options));
    await sandbox.reset();
    return sandbox;
  }
  close = (): Promise<void> => this.#sandbox.close();

  /** As at the start, and consented anew. */
  async reset(): Promise<void> {
    const { shops } = await this.control('POST', '/reset');
    this.shops = Object.fromEntries(shops.map((shop: { name: string }) => [shop.name, shop]));
    ({ access_token: this.token, refresh_token: this.refreshToken } = await this.control('POST', '/grant'));
  }

  /** The control API. @throws where the status is not 2xx */
  control = async (method: string, path: string, body?: unknown): Promise<any> => { // eslint-disable-line @typescript-eslint/no-explicit-any
    const response = await fetch(`${this.url}/control/shop${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
  settings = (patch: object) => this.control('PATCH', '/settings', patch);
  advance = (ms: number) => this.control('POST', '/clock', { advance_ms: ms });
  fault = (fault: object) => this.control('POST', '/faults', fault);
  order = (id: string) => this.control('GET', `/orders/${id}`);
  shopId = (name: string): string => this.shops[name]?.id ?? '';
  newOrder = async (name: string, input: object = {}) => (await this.control('POST', '/orders', { shop_id: this.shopId(name), status: 'AWAITING_SHIPMENT', moves: false, ...input })).orders[0];

  /** Signs as TikTok wants it, and sends. */
  async call(path: string, input: ShopCallInput = {}): Promise<ShopReply> {
    const { method = 'GET', query = {}, body, token = this.token, shop = UK, app = SANDBOX_SHOP_APP, tamper, headers = {} } = input;
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const { now_ms } = await this.control('GET', '/clock');
    const cipher: Record<string, string> = shop === null ? {} : { shop_cipher: this.shops[shop]?.cipher ?? shop };
    const all: Record<string, string> = { app_key: app.app_key, timestamp: String(Math.floor(now_ms / 1_000)), ...cipher, ...query };
    all['sign'] ??= shopSign(app.app_secret, path, all, text);
    const url = new URL(`${this.url}${path}?${new URLSearchParams(all)}`);
    tamper?.(url);
    return this.send(url, { method, headers: { ...(token === null ? {} : { 'x-tts-access-token': token }), ...(text === '' ? {} : { 'content-type': 'application/json' }), ...headers }, ...(text === '' ? {} : { body: text }) });
  }
  post = (path: string, body: unknown = {}, input: ShopCallInput = {}): Promise<ShopReply> => this.call(path, { method: 'POST', body, ...input });

  async send(url: URL | string, init: RequestInit = {}): Promise<ShopReply> {
    const response = await fetch(typeof url === 'string' && !url.startsWith('http') ? this.url + url : url, { redirect: 'manual', ...init });
    const text = await response.text();
    const json = jsonOf(text) as { code?: number; message?: string; data?: unknown } | null;
    return { status: response.status, headers: response.headers, text, code: json?.code, message: json?.message ?? '', data: json?.data };
  }
  tokenHost = (kind: 'get' | 'refresh', query: Record<string, string>): Promise<ShopReply> =>
    this.send(`/api/v2/token/${kind}?${new URLSearchParams({ app_key: SANDBOX_SHOP_APP.app_key, app_secret: SANDBOX_SHOP_APP.app_secret, grant_type: kind === 'get' ? 'authorized_code' : 'refresh_token', ...query })}`);
}

export interface ReceivedWebhook {
  headers: IncomingHttpHeaders;
  raw: string;
  type: number;
  id: string;
  data: Record<string, unknown>;
}

/** Takes webhooks as an app's server would. */
export class ShopWebhookReceiver {
  received: ReceivedWebhook[] = [];
  /** How it answers, call by call; then 200. */
  answers: number[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const raw = Buffer.concat(parts).toString();
        const { type, tts_notification_id: id, data } = JSON.parse(raw) as { type: number; tts_notification_id: string; data: Record<string, unknown> };
        this.received.push({ headers: request.headers, raw, type, id, data });
        response.writeHead(this.answers.shift() ?? 200).end();
      });
    });
  }

  start = (): Promise<void> => new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/webhook`;
  }
  clear(): void {
    this.received = [];
    this.answers = [];
  }
  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
