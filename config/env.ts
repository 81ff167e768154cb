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
  METRICS_PORT: port.optional().describe('Port on which a worker serves /health and /metrics; off where absent.'),

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
  REDIS_URL: url('redis', 'rediss').optional().describe('Events also go to the Redis Stream tiktok:events:{workspace_id}. Absent: off.'),
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
  return NEEDED_IN_PRODUCTION.filter((name) => env[name] === undefined).map((name) => `${name}: is needed in production`);
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
