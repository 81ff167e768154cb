import { z } from 'zod';

const url = (...protocols: string[]) =>
  z.string().refine(
    (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol.slice(0, -1)),
    `must be a URL starting with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
  );
const flag = z
  .enum(['0', '1', 'true', 'false'])
  .transform((value) => value === '1' || value === 'true');
const port = z.coerce.number().int().min(0).max(65_535);
const positive = z.coerce.number().int().positive();

const rootUrl = url('http', 'https').refine((value) => URL.canParse(value) && new URL(value).pathname === '/' && new URL(value).search === '', 'must be a host without a path: TikTok Shop signs paths');

/** Every variable that Showrunner reads; docs/configuration.md is generated from the descriptions. */
export const envSchema = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development').describe('production: nothing is embedded, no secret is generated.'),
  HOST: z.string().default('127.0.0.1').describe('Address that the API listens on.'),
  PORT: port.default(8080).describe('Port of the API and /docs.'),
  PUBLIC_URL: url('http', 'https').optional().describe('How people reach the API from outside; default http://HOST:PORT.'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info').describe('Least severe level that is logged.'),
  METRICS_PORT: port.optional().describe('Port on which a worker serves /health and /metrics; off where absent. npm start gives each role the next one.'),

  DATABASE_URL: url('postgres', 'postgresql').optional().describe('PostgreSQL 14 or newer. Absent: an embedded one under .data/.'),
  DATABASE_POOL: positive.default(10).describe('Most connections of one process.'),
  TEMPORAL_ADDRESS: z.string().optional().describe('host:port of the Temporal frontend. Absent: an embedded development server.'),
  TEMPORAL_NAMESPACE: z.string().default('default').describe('Temporal namespace.'),
  TEMPORAL_API_KEY: z.string().optional().describe('API key, for Temporal Cloud.'),
  TEMPORAL_TLS: flag.default(false).describe('1: TLS to Temporal (implied by an API key or a certificate).'),
  TEMPORAL_TLS_CERT: z.string().optional().describe('Path of the client certificate (PEM).'),
  TEMPORAL_TLS_KEY: z.string().optional().describe('Path of the client key (PEM).'),
  TEMPORAL_TASK_QUEUE_PREFIX: z.string().default('').describe('Put before every task queue: keeps installations apart that share a namespace.'),
  TEMPORAL_CLI_PATH: z.string().optional().describe('A temporal binary for the embedded development server.'),
  TEMPORAL_UI_URL: url('http', 'https').optional().describe('Where the Temporal UI is, for links.'),
  MQTT_URL: url('mqtt', 'mqtts', 'ws', 'wss').optional().describe('MQTT broker for devices. Absent: an embedded one.'),
  MQTT_PORT: port.optional().describe('Port of the embedded broker; a free one where absent.'),
  MQTT_USERNAME: z.string().optional().describe('User name at the broker.'),
  MQTT_PASSWORD: z.string().optional().describe('Password at the broker.'),
  S3_ENDPOINT: url('http', 'https').optional().describe('S3-compatible storage for media, instead of DATA_DIR/media. Needed where API and workers share no disk.'),
  S3_BUCKET: z.string().optional().describe('Bucket for media; switches S3 on.'),
  S3_REGION: z.string().default('us-east-1').describe('Region of the bucket.'),
  S3_ACCESS_KEY_ID: z.string().optional().describe('Key of the storage.'),
  S3_SECRET_ACCESS_KEY: z.string().optional().describe('Secret of the storage.'),
  MEDIA_MAX_BYTES: positive.default(4 * 1024 ** 3).describe('Largest file that may be uploaded, bytes; TikTok takes 4 GB.'),
  FFPROBE_PATH: z.string().default('ffprobe').describe('ffprobe, which checks videos before they are sent; where it is missing the checks that need it are left out.'),
  REDIS_URL: url('redis', 'rediss').optional().describe('Events also go to the Redis Stream tiktok:events:{workspace_id}; chat rooms and the cache are shared over it by several API processes. Absent: off, and one API process.'),
  SMTP_URL: url('smtp', 'smtps').optional().describe('Mail server for e-mail notifications. Absent: off.'),
  SMTP_FROM: z.string().default('Showrunner <showrunner@localhost>').describe('Sender of e-mail notifications.'),

  TIKTOK_ENV: z.enum(['sandbox', 'production']).default('sandbox').describe('production: the real TikTok; sandbox: ours. Single URLs below win.'),
  TIKTOK_WEB_URL: url('http', 'https').optional().describe('TikTok’s web site.'),
  TIKTOK_WEBCAST_URL: url('http', 'https').optional().describe('TikTok’s webcast API.'),
  TIKTOK_SIGN_URL: url('http', 'https').optional().describe('The sign service (Euler Stream).'),
  SIGN_API_KEY: z.string().optional().describe('API key of the sign service.'),
  SIGN_LIMIT_PER_MINUTE: positive.optional().describe('Calls a minute to the sign service, where its answers do not tell.'),
  TIKTOK_AUTH_URL: url('http', 'https').optional().describe('Where TikTok’s consent page is.'),
  TIKTOK_OPEN_API_URL: url('http', 'https').optional().describe('TikTok’s Open API: tokens, publishing, statistics.'),
  TIKTOK_CLIENT_KEY: z.string().optional().describe('Client key of the TikTok app (developers.tiktok.com). The sandbox knows one by default.'),
  TIKTOK_CLIENT_SECRET: z.string().optional().describe('Client secret of the TikTok app; it also signs TikTok’s webhooks.'),
  TIKTOK_REDIRECT_URI: url('http', 'https').optional().describe('Redirect URI as registered in the TikTok app. Default: PUBLIC_URL/api/auth/tiktok/callback.'),
  TIKTOK_PKCE: flag.default(true).describe('0: no PKCE on the consent page, for apps that TikTok refuses with it.'),
  TIKTOK_SHOP_API_URL: rootUrl.optional().describe('TikTok Shop’s API. It signs paths, so it stands at the root of a host.'),
  TIKTOK_SHOP_AUTH_URL: url('http', 'https').optional().describe('TikTok Shop’s token host.'),
  TIKTOK_SHOP_AUTHORIZE_URL: url('http', 'https').optional().describe('The page on which a seller gives consent; default: TikTok’s for TIKTOK_SHOP_MARKET.'),
  TIKTOK_SHOP_MARKET: z.enum(['row', 'us']).default('row').describe('Which of TikTok’s consent pages: us for sellers in the United States, row for all others.'),
  TIKTOK_SHOP_APP_KEY: z.string().optional().describe('App key of the TikTok Shop app (partner.tiktokshop.com). The sandbox knows one by default.'),
  TIKTOK_SHOP_APP_SECRET: z.string().optional().describe('App secret of the TikTok Shop app; it also signs TikTok Shop’s webhooks.'),
  TIKTOK_SHOP_SERVICE_ID: z.string().optional().describe('Service id of the TikTok Shop app, which its consent page goes by; not the app key.'),
  SHOP_SYNC_INTERVAL_S: z.coerce.number().int().min(5).max(86_400).default(300).describe('How often each channel is asked for orders, products and stock whatever webhooks said, seconds.'),
  AMQP_URL: url('amqp', 'amqps').optional().describe('RabbitMQ for messages about orders and products, and for bulk inventory. Absent: off.'),
  ORDER_EXCHANGE_NAME: z.string().min(1).max(127).default('showrunner.orders').describe('Exchange (topic) to which orders are published.'),
  ORDER_QUEUE_NAME: z.string().min(1).max(127).default('showrunner.orders').describe('Queue that is bound to it.'),
  PRODUCT_EXCHANGE_NAME: z.string().min(1).max(127).default('showrunner.products').describe('Exchange (topic) to which products are published.'),
  PRODUCT_QUEUE_NAME: z.string().min(1).max(127).default('showrunner.products').describe('Queue that is bound to it.'),
  INVENTORY_EXCHANGE_NAME: z.string().min(1).max(127).default('showrunner.inventory').describe('Exchange (topic) from which bulk inventory comes.'),
  INVENTORY_QUEUE_NAME: z.string().min(1).max(127).default('showrunner.inventory').describe('Queue that is read; what can’t be read goes to the same name with .dead.'),
  ORDER_SERVICE_URL: url('http', 'https').optional().describe('Messages about orders and products also, or instead, as signed HTTP callbacks. Absent: off.'),
  MEDIA_PORT: port.default(8090).describe('Port of the media host: WHIP, WHEP, HLS and signalling.'),
  MEDIA_PUBLIC_URL: url('http', 'https').optional().describe('How browsers and encoders reach this media host; default http://HOST:MEDIA_PORT.'),
  MEDIA_HOST_ID: z.string().regex(/^[\w.-]{1,64}$/).optional().describe('Stable name of this media host; its disk and its task queue go by it. Default: the host name.'),
  MEDIA_ANNOUNCED_ADDRESS: z.string().optional().describe('Address or name that WebRTC is told to send to, where HOST is not what the outside sees.'),
  MEDIA_RTC_PORT: port.default(30_000).describe('First port for WebRTC, UDP and TCP; one for each mediasoup worker from here on. Below those that the system gives to outgoing connections. 0: free ones.'),
  MEDIA_WORKERS: z.coerce.number().int().min(1).max(64).optional().describe('mediasoup workers; default: one a core.'),
  MEDIA_MAX_VIEWERS: positive.default(2_000).describe('WebRTC viewers that one media host takes; more get 503.'),
  MEDIASOUP_WORKER_BIN: z.string().optional().describe('The mediasoup-worker binary. Absent: where npm run setup:media put it. Not there: WebRTC and RTMP are off.'),
  FFMPEG_PATH: z.string().default('ffmpeg').describe('Where ffmpeg is. Not there: RTMP, HLS, recording and joined videos are off.'),
  RTMP_PORT: port.default(1935).describe('Port on which encoders publish by RTMP.'),
  RTMP_PUBLIC_URL: url('rtmp', 'rtmps').optional().describe('How encoders reach it; default rtmp://HOST:RTMP_PORT/live.'),
  RTMP_PULL_URL: url('rtmp', 'rtmps').optional().describe('Where streams that another media server announces by POST /webhook/stream-event are fetched, such as rtmp://nginx:1935/live.'),
  ICE_SERVERS: z.string().default('').describe('STUN and TURN servers told to browsers: stun:host:port, or turn:host:port?transport=udp|user|password, parted by commas.'),
  STREAM_EVENT_SECRET: z.string().min(16).optional().describe('Verifies POST /webhook/stream-event: HMAC-SHA256 of the body in X-Signature, or a signed query.'),
  STREAM_EVENT_ADDRESSES: z.string().default('').describe('Addresses and CIDR ranges whose stream events are believed unsigned, parted by commas.'),
  STREAM_GRACE_S: z.coerce.number().int().min(1).max(3_600).default(60).describe('How long an encoder whose connection broke may take to come back into the same stream, seconds.'),
  STREAM_SILENT_S: z.coerce.number().int().min(2).max(300).default(10).describe('An encoder that sends no media for so long without a goodbye is gone, seconds.'),
  PLAY_URL_TTL_S: positive.default(3_600).describe('Life of a signed play URL of a private stream or video, seconds.'),
  VOD_MAX_BYTES: positive.default(20 * 1024 ** 3).describe('Largest video that may be uploaded, bytes.'),
  VOD_IMPORT_DIR: z.string().optional().describe('Folder from which POST /vod/upload takes files by path, such as where a media server records. Absent: off.'),
  CACHE_TTL_S: z.coerce.number().int().min(0).max(3_600).default(30).describe('How long a cached list or detail lives at most, seconds; changes empty it at once. 0: nothing is kept.'),
  ALLOW_UNVERIFIED_SOCIAL: flag.default(false).describe('1: the app’s users are who they say they are. For tries alone; npm start sets it where TIKTOK_ENV is sandbox.'),
  APP_TOKEN_TTL_S: positive.default(30 * 86_400).describe('Life of the token that registerUser gives, seconds.'),
  GOOGLE_CLIENT_IDS: z.string().default('').describe('OAuth client ids of the app, to which Google’s id tokens must be addressed, parted by commas. Absent: no sign-in with Google.'),
  GOOGLE_JWKS_URL: url('http', 'https').default('https://www.googleapis.com/oauth2/v3/certs').describe('Google’s public keys.'),
  APPLE_CLIENT_IDS: z.string().default('').describe('Bundle or service ids to which Apple’s id tokens must be addressed, parted by commas. Absent: no sign-in with Apple.'),
  APPLE_JWKS_URL: url('http', 'https').default('https://appleid.apple.com/auth/keys').describe('Apple’s public keys.'),
  FACEBOOK_APP_ID: z.string().optional().describe('App id at Facebook. Absent: no sign-in with Facebook.'),
  FACEBOOK_APP_SECRET: z.string().optional().describe('App secret at Facebook, by which tokens are checked.'),
  FACEBOOK_GRAPH_URL: url('http', 'https').default('https://graph.facebook.com').describe('Facebook’s Graph API.'),
  APPLE_BUNDLE_ID: z.string().optional().describe('Bundle id of the iOS app. Absent: no purchases at Apple.'),
  APPLE_APP_ID: positive.optional().describe('The app’s Apple ID (a number), which notifications of the production store are held against.'),
  APPLE_ENVIRONMENT: z.enum(['Production', 'Sandbox']).default('Production').describe('Which of Apple’s stores purchases come from.'),
  APPLE_ROOT_CERTIFICATES: z.string().default('').describe('Paths of Apple’s root certificates (https://www.apple.com/certificateauthority/), DER or PEM, parted by commas.'),
  APPLE_ISSUER_ID: z.string().optional().describe('Issuer id of the App Store Server API key.'),
  APPLE_KEY_ID: z.string().optional().describe('Id of that key.'),
  APPLE_PRIVATE_KEY: z.string().optional().describe('Path of that key (.p8).'),
  APPLE_STORE_URL: url('http', 'https').optional().describe('The App Store Server API; default: Apple’s of APPLE_ENVIRONMENT.'),
  GOOGLE_PLAY_PACKAGE: z.string().optional().describe('Package name of the Android app. Absent: no purchases at Google Play.'),
  GOOGLE_SERVICE_ACCOUNT: z.string().optional().describe('Path of the service account’s key (JSON), for Google Play and FCM.'),
  GOOGLE_PLAY_URL: url('http', 'https').default('https://androidpublisher.googleapis.com').describe('The Google Play Developer API.'),
  GOOGLE_TOKEN_URL: url('http', 'https').default('https://oauth2.googleapis.com/token').describe('Where Google gives access tokens to service accounts.'),
  GOOGLE_NOTIFICATION_AUDIENCE: z.string().optional().describe('Audience of the tokens with which Pub/Sub pushes Google Play’s notifications. Absent: they are refused.'),
  GOOGLE_NOTIFICATION_EMAIL: z.string().optional().describe('The service account as which Pub/Sub pushes them.'),
  FCM_PROJECT_ID: z.string().optional().describe('Firebase project to push through. Absent: no push.'),
  FCM_URL: url('http', 'https').default('https://fcm.googleapis.com').describe('FCM HTTP v1.'),
  PAYOUT_MIN_COINS: positive.default(1_000).describe('Fewest coins that are paid out.'),
  PAYOUT_COIN_MINOR: positive.default(50).describe('What 100 coins are worth when they are paid out, in minor units of PAYOUT_CURRENCY.'),
  PAYOUT_CURRENCY: z.string().regex(/^[A-Z]{3}$/).default('USD').describe('Currency of payouts.'),
  PAYOUT_HOLD_S: z.coerce.number().int().min(0).max(180 * 86_400).default(7 * 86_400).describe('How long coins are held before a payout may be approved, seconds.'),
  VIDEO_MAX_BYTES: positive.default(512 * 1024 ** 2).describe('Largest video that the app may upload, bytes.'),
  VIDEO_MAX_S: positive.default(180).describe('Longest video of the app, seconds.'),

  SANDBOX_PORT: port.optional().describe('Port of the sandbox that npm start runs; a free one where absent.'),

  JWT_SECRET: z.string().min(32).optional().describe('Signs access tokens; at least 32 characters. Absent: generated once into .data/, never in production.'),
  JWT_TTL_S: positive.default(86_400).describe('Life of an access token, seconds.'),
  TOKEN_ENCRYPTION_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}(,[0-9a-fA-F]{64})*$/, 'must be 64 hex characters; several, newest first, are parted by commas')
    .optional()
    .describe('AES-256 keys for secrets at rest: 64 hex characters each, newest first. Absent: generated once into .data/, never in production.'),
  ALLOW_PRIVATE_WEBHOOKS: flag.default(false).describe('1: webhooks and HTTP devices may go to private and link-local addresses.'),
  LOGIN_RATE_PER_MINUTE: positive.default(10).describe('Login attempts a minute for each address and e-mail.'),
  WORKSPACE_RATE_PER_MINUTE: positive.default(3_000).describe('Requests a minute for each workspace.'),
  TRUSTED_PROXIES: z.coerce.number().int().min(0).default(0).describe('Reverse proxies before the API: the client’s address is taken so far from the right of X-Forwarded-For. 0: the header is ignored.'),
  DEFAULT_PLAN_TIER: z.enum(['free', 'pro', 'enterprise']).default('free').describe('Plan of new workspaces.'),
  DATA_DIR: z.string().default('.data').describe('Where embedded services keep their data.'),
  CORS_ORIGINS: z.string().default('').describe('Origins that browsers may call the API from, parted by commas.'),

  STREAK_QUIET_MS: positive.default(10_000).describe('A gift streak without news for so long is closed.'),
  SILENCE_SUSPECT_MS: positive.default(30_000).describe('A socket without a frame for so long is checked.'),
  WORKER_SLOT: z.string().optional().describe('Stable name of this worker process: started again, it takes over at once what it held. Default: host name and role.'),
});

export type Env = z.infer<typeof envSchema>;

export class EnvError extends Error {
  readonly faults: string[];

  constructor(faults: string[]) {
    super(`The environment has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'EnvError';
    this.faults = faults;
  }
}

/**
 * Parses the environment; empty variables count as absent.
 * @throws EnvError that names every fault at once
 */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = envSchema.safeParse(given);
  const faults = parsed.success ? productionFaults(parsed.data) : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  if (!parsed.success || faults.length > 0) throw new EnvError(faults);
  return parsed.data;
}

const NEEDED_IN_PRODUCTION = ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'MQTT_URL', 'JWT_SECRET', 'TOKEN_ENCRYPTION_KEY'] as const;

function productionFaults(env: Env): string[] {
  if (env.NODE_ENV !== 'production') return [];
  const missing = NEEDED_IN_PRODUCTION.filter((name) => env[name] === undefined).map((name) => `${name}: is needed in production`);
  return env.ALLOW_UNVERIFIED_SOCIAL ? [...missing, 'ALLOW_UNVERIFIED_SOCIAL: must not be set in production'] : missing;
}

const REAL_TIKTOK = {
  web: 'https://www.tiktok.com',
  webcast: 'https://webcast.tiktok.com',
  sign: 'https://api.eulerstream.com',
  auth: 'https://www.tiktok.com',
  openApi: 'https://open.tiktokapis.com',
  shopApi: 'https://open-api.tiktokglobalshop.com',
  shopAuth: 'https://auth.tiktok-shops.com',
} as const;

export interface TikTokUrls {
  web: string;
  webcast: string;
  sign: string;
  auth: string;
  openApi: string;
  shopApi: string;
  shopAuth: string;
  /** null: TikTok's own page for the market. */
  shopAuthorize: string | null;
}

/** Where TikTok is: a single URL wins over the sandbox's, and where neither is given it is the real one. */
export function tiktokUrls(env: Env, sandboxUrl?: string): TikTokUrls {
  const fallback = (name: keyof typeof REAL_TIKTOK): string => (env.TIKTOK_ENV === 'sandbox' && sandboxUrl ? sandboxUrl : REAL_TIKTOK[name]);
  return {
    web: env.TIKTOK_WEB_URL ?? fallback('web'),
    webcast: env.TIKTOK_WEBCAST_URL ?? fallback('webcast'),
    sign: env.TIKTOK_SIGN_URL ?? fallback('sign'),
    auth: env.TIKTOK_AUTH_URL ?? fallback('auth'),
    openApi: env.TIKTOK_OPEN_API_URL ?? fallback('openApi'),
    shopApi: env.TIKTOK_SHOP_API_URL ?? fallback('shopApi'),
    shopAuth: env.TIKTOK_SHOP_AUTH_URL ?? fallback('shopAuth'),
    shopAuthorize: env.TIKTOK_SHOP_AUTHORIZE_URL ?? (env.TIKTOK_ENV === 'sandbox' && sandboxUrl ? `${sandboxUrl}/open/authorize` : null),
  };
}
