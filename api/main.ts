import { serve, type ServerType } from '@hono/node-server';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { EnvError, parseEnv, tiktokUrls, type Env } from '../config/env.ts';
import { announceReady, onShutdown } from '../config/lifecycle.ts';
import { listOf } from '../config/list.ts';
import { createLogger } from '../config/logging.ts';
import { tiktokApp, tiktokShopApp } from '../config/tiktok-app.ts';
import { identityOptions, storeOptions } from '../config/social.ts';
import { temporalTls } from '../config/temporal-tls.ts';
import { openDb } from '../db/client.ts';
import { createSecretBox } from '../db/secret-box.ts';
import { createMediaStorage } from '../media/index.ts';
import { isFfmpegThere } from '../media/ffmpeg-there.ts';
import { probeMedia } from '../media/probe.ts';
import { createIdentityVerifier } from '../social/identity/verifier.ts';
import { createStores } from '../social/stores/stores.ts';
import { createApp } from './app.ts';
import { openCache } from './cache-open.ts';
import { createChatServer } from './chat/server.ts';
import type { ApiConfig, ApiDeps } from './deps.ts';
import { createFeedHub } from './feed-hub.ts';
import { createApiMetrics } from './metrics.ts';
import { createPostHub } from './post-hub.ts';
import { createRealtime } from './realtime.ts';
import { createTemporalGateway } from './temporal.ts';

/** Less than what a supervisor waits before it kills. */
const SHUTDOWN_MS = 10_000;
/** What answers under way may still take; streams were told to end. */
const DRAIN_MS = 5_000;
/** Node's five minutes would cut an upload of 4 GB over most lines; one that stands still is ended by its route. */
const REQUEST_MS = 6 * 3_600_000;

/** Runs one API process. It answers while Temporal is down, and waits for nothing at its start. */
async function main(): Promise<void> {
  const env = parseEnv(process.env);
  const { databaseUrl, temporalAddress, jwtSecret, encryptionKeys } = needed(env);
  const logger = createLogger(env.LOG_LEVEL, 'api');
  const shutdown = new AbortController();
  const database = openDb({
    url: databaseUrl,
    max: env.DATABASE_POOL,
    name: 'showrunner-api',
    onError: (error) => logger.warn({ err: error }, 'an idle database connection broke'),
  });
  const temporal = createTemporalGateway({
    address: temporalAddress,
    namespace: env.TEMPORAL_NAMESPACE,
    tls: await temporalTls(env),
    apiKey: env.TEMPORAL_API_KEY,
    taskQueuePrefix: env.TEMPORAL_TASK_QUEUE_PREFIX,
  });
  const feed = createFeedHub({
    db: database.db,
    databaseUrl,
    onError: (error) => logger.warn({ err: error }, 'the event feed lost its connection'),
  });
  const posts = createPostHub({
    databaseUrl,
    onError: (error) => logger.warn({ err: error }, 'what tells of posts lost its connection'),
  });
  const listening = { url: urlOf(env.HOST, env.PORT) };
  const config = await apiConfig(env, jwtSecret, listening);
  const metrics = createApiMetrics();
  const cache = openCache({ databaseUrl, redisUrl: env.REDIS_URL ?? null, ttlS: env.CACHE_TTL_S, version: config.version, metrics, logger });
  const realtime = createRealtime();
  const deps: ApiDeps = {
    db: database.db,
    pool: database.pool,
    config,
    logger,
    secrets: createSecretBox(encryptionKeys),
    temporal,
    feed,
    posts,
    metrics,
    media: createMediaStorage(env),
    cache,
    probe: (path) => probeMedia(path, env.FFPROBE_PATH),
    hasFfmpeg: () => isFfmpegThere(env.FFMPEG_PATH),
    realtime,
    identity: createIdentityVerifier(identityOptions(env)),
    stores: createStores(storeOptions(env, 'receipts')),
    shutdown: shutdown.signal,
  };

  const server = serve({ fetch: createApp(deps).fetch, hostname: env.HOST, port: env.PORT, serverOptions: { requestTimeout: REQUEST_MS } }, ({ port }) => {
    listening.url = urlOf(env.HOST, port);
    logger.info(listening, 'the API listens');
    announceReady(listening);
  });
  server.on('error', (error) => refuse(listenFault(error, env)));
  const chat = createChatServer({ deps, databaseUrl, server: server as Server });
  realtime.connect(chat.realtime);
  onShutdown(
    async () => {
      shutdown.abort();
      await Promise.all([chat.close(), feed.close(), posts.close(), drain(server)]);
      await Promise.all([cache.close(), temporal.close(), database.close()]);
    },
    { log: logger, timeoutMs: SHUTDOWN_MS },
  );
}

/** What the supervisor of `npm start` fills in where the environment is silent. */
function needed(env: Env) {
  const { DATABASE_URL, TEMPORAL_ADDRESS, JWT_SECRET, TOKEN_ENCRYPTION_KEY } = env;
  if (DATABASE_URL && TEMPORAL_ADDRESS && JWT_SECRET && TOKEN_ENCRYPTION_KEY) {
    return {
      databaseUrl: DATABASE_URL,
      temporalAddress: TEMPORAL_ADDRESS,
      jwtSecret: JWT_SECRET,
      encryptionKeys: TOKEN_ENCRYPTION_KEY.split(','),
    };
  }
  const missing = Object.entries({ DATABASE_URL, TEMPORAL_ADDRESS, JWT_SECRET, TOKEN_ENCRYPTION_KEY }).filter(([, value]) => !value);
  throw new EnvError(missing.map(([name]) => `${name}: is needed by the API alone (npm start provides it)`));
}

async function apiConfig(env: Env, jwtSecret: string, listening: { url: string }): Promise<ApiConfig> {
  const app = tiktokApp(env);
  const shopApp = tiktokShopApp(env);
  const publicUrl = (): string => (env.PUBLIC_URL ?? listening.url).replace(/\/+$/, '');
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return {
    version,
    // With PORT=0 the port is known only once it listens.
    get publicUrl() {
      return publicUrl();
    },
    get tiktokApp() {
      const redirect_uri = env.TIKTOK_REDIRECT_URI ?? `${publicUrl()}/api/auth/tiktok/callback`;
      return app && { ...app, auth_url: tiktokUrls(env).auth, pkce: env.TIKTOK_PKCE, redirect_uri };
    },
    shopApp: shopApp && { ...shopApp, market: env.TIKTOK_SHOP_MARKET, authorize_url: tiktokUrls(env).shopAuthorize },
    shopSyncIntervalS: env.SHOP_SYNC_INTERVAL_S,
    mediaMaxBytes: env.MEDIA_MAX_BYTES,
    jwtSecret,
    jwtTtlS: env.JWT_TTL_S,
    defaultPlanTier: env.DEFAULT_PLAN_TIER,
    loginRatePerMinute: env.LOGIN_RATE_PER_MINUTE,
    workspaceRatePerMinute: env.WORKSPACE_RATE_PER_MINUTE,
    trustedProxies: env.TRUSTED_PROXIES,
    corsOrigins: listOf(env.CORS_ORIGINS),
    tiktokMode: env.TIKTOK_ENV,
    signLimitPerMinute: env.SIGN_LIMIT_PER_MINUTE ?? null,
    streaming: {
      mediaUrl: (env.MEDIA_PUBLIC_URL ?? `http://${env.HOST}:${env.MEDIA_PORT}`).replace(/\/+$/, ''),
      rtmpUrl: env.RTMP_PUBLIC_URL ?? `rtmp://${env.HOST}:${env.RTMP_PORT}/live`,
      eventSecret: env.STREAM_EVENT_SECRET ?? null,
      eventAddresses: listOf(env.STREAM_EVENT_ADDRESSES),
      playUrlTtlS: env.PLAY_URL_TTL_S,
      graceMs: env.STREAM_GRACE_S * 1_000,
      vodMaxBytes: env.VOD_MAX_BYTES,
      vodPaths: env.VOD_IMPORT_DIR !== undefined,
      cacheTtlS: env.CACHE_TTL_S,
      redisUrl: env.REDIS_URL ?? null,
      dataDir: env.DATA_DIR,
    },
    social: {
      tokenTtlS: env.APP_TOKEN_TTL_S,
      payout: { minCoins: env.PAYOUT_MIN_COINS, coinMinor: env.PAYOUT_COIN_MINOR, currency: env.PAYOUT_CURRENCY, holdS: env.PAYOUT_HOLD_S },
      videoMaxBytes: env.VIDEO_MAX_BYTES,
      videoMaxS: env.VIDEO_MAX_S,
    },
    amqpUrl: env.AMQP_URL ?? null,
    links: { temporalUi: env.TEMPORAL_UI_URL ?? null, mqtt: env.MQTT_URL ? withoutCredentials(env.MQTT_URL) : null },
  };
}

const urlOf = (host: string, port: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

function withoutCredentials(url: string): string {
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}

/** Takes no new connections and lets answers end; what is still open after DRAIN_MS is cut. */
async function drain(server: ServerType): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  if ('closeIdleConnections' in server) server.closeIdleConnections();
  const cut = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(cut);
}

function listenFault(error: Error, { HOST, PORT }: Env): string {
  const code = 'code' in error ? error.code : '';
  if (code === 'EADDRINUSE') return `Port ${PORT} on ${HOST} is in use: set PORT to a free one.`;
  if (code === 'EACCES') return `Port ${PORT} may not be opened by this user: set PORT to one above 1023.`;
  if (code === 'EADDRNOTAVAIL') return `This machine has no address ${HOST}: set HOST to one it has.`;
  return error.message;
}

function refuse(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

main().catch((error: unknown) =>
  refuse(error instanceof EnvError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)),
);
