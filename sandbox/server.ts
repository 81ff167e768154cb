import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { createFcmSandbox } from './fcm/index.ts';
import { createIdentity } from './identity/index.ts';
import { createOpenApi } from './open-api/index.ts';
import { acceptPushSockets } from './push/upgrade.ts';
import { createRegistry } from './rooms/registry.ts';
import { controlRoutes } from './routes/control.ts';
import { shortLinkRoutes } from './routes/short-links.ts';
import { PUSH_PATH, signRoutes } from './routes/sign.ts';
import { webRoutes } from './routes/web.ts';
import { webcastRoutes } from './routes/webcast.ts';
import { createShop } from './shop/index.ts';
import { createStoreSandbox } from './stores/index.ts';

export interface SandboxOptions {
  /** 0, the default: any free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** The same seed tells the same stories. Default 1. */
  seed?: number;
  /** How long the room `later` stays offline after it was first asked for. Default 30,000. */
  laterMs?: number;
  /** A client with more unsent bytes is cut. Default 64 MiB. */
  maxBufferedBytes?: number;
  /** Where the Open API's webhooks go. Default: nowhere, until the control API says. */
  webhookUrl?: string | null;
  /** Where TikTok Shop's webhooks go, of every event that has no subscription. Default: nowhere, until the control API says. */
  shopWebhookUrl?: string | null;
  /** Where a seller's consent leads to. Default: the page shows the code. */
  shopRedirectUrl?: string | null;
}

export interface Sandbox {
  /** Base URL of all of TikTok: web page, webcast API, sign service, short links, consent pages, Open API, uploads, TikTok Shop and control API. */
  url: string;
  port: number;
  /** Cuts every client and frees the port. Idempotent. */
  close(): Promise<void>;
}

/** Starts an offline TikTok. @throws where the port is taken (code EADDRINUSE) */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, host = '127.0.0.1', seed = 1, laterMs = 30_000, maxBufferedBytes = 64 * 1024 * 1024 } = options;
  const { webhookUrl = null, shopWebhookUrl = null, shopRedirectUrl = null } = options;
  const registry = createRegistry({ seed, laterMs, maxBufferedBytes, now: Date.now });
  const links = new Map<string, string>();
  const openApi = createOpenApi({ webhookUrl });
  const shop = createShop({ webhookUrl: shopWebhookUrl, redirectUrl: shopRedirectUrl });
  const identity = createIdentity();
  const stores = createStoreSandbox(identity.control);
  const fcm = createFcmSandbox({ isToken: stores.isGoogleToken });
  const reset = (): void => {
    identity.reset();
    fcm.reset();
    stores.reset();
    openApi.reset();
    shop.reset();
  };
  const app = new Hono()
    .get('/', (c) => c.json({ name: 'Showrunner TikTok sandbox', rooms: registry.all().map(({ name }) => name) }))
    .route('/control/open-api', openApi.control)
    .route('/control/shop', shop.control)
    .route('/control/identity', identity.control)
    .route('/control/fcm', fcm.control)
    .route('/control/stores', stores.control)
    .route('/control', controlRoutes(registry, links, reset))
    .route('/', identity.routes)
    .route('/', fcm.routes)
    .route('/', stores.routes)
    .route('/', openApi.routes)
    .route('/', shop.routes)
    .route('/', webRoutes(registry))
    .route('/', webcastRoutes(registry))
    .route('/', signRoutes(registry))
    .route('/', shortLinkRoutes(registry, links));
  const listener = getRequestListener(app.fetch);
  const server = createServer((request, response) => {
    if (!openApi.acceptUpload(request, response)) void listener(request, response);
  });
  const sockets = acceptPushSockets(server, PUSH_PATH, registry);

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

  const address = server.address() as AddressInfo;
  let closing: Promise<void> | null = null;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    close: () =>
      (closing ??= new Promise((resolve) => {
        registry.close();
        reset();
        sockets.close();
        server.close(() => resolve());
        server.closeAllConnections();
      })),
  };
}
