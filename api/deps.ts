import type pg from 'pg';
import type { Logger } from 'pino';
import type { Db } from '../db/client.ts';
import type { SecretBox } from '../db/secret-box.ts';
import type { PlanTier } from '../domain/plans.ts';
import type { ProbeResult } from '../media/probe.ts';
import type { MediaStorage } from '../media/storage.ts';
import type { IdentityVerifier } from '../social/identity/verifier.ts';
import type { ReceiptDesk } from '../social/stores/stores.ts';
import type { Cache } from './cache.ts';
import type { FeedHub } from './feed-hub.ts';
import type { ApiMetrics } from './metrics.ts';
import type { PostHub } from './post-hub.ts';
import type { Realtime } from './realtime.ts';
import type { TemporalGateway } from './temporal.ts';

export interface SocialConfig {
  /** Life of an app user's token, seconds. */
  tokenTtlS: number;
  payout: { minCoins: number; /** Of 100 coins, minor units. */ coinMinor: number; currency: string; holdS: number };
  videoMaxBytes: number;
  videoMaxS: number;
}

export interface StreamingConfig {
  /** Without a slash at the end. */
  mediaUrl: string;
  /** rtmp://host/app, to which the key is appended. */
  rtmpUrl: string;
  /** Verifies stream events; null: only by address. */
  eventSecret: string | null;
  /** Addresses and CIDR ranges whose stream events are believed unsigned. */
  eventAddresses: string[];
  /** Life of signed play URLs, seconds. */
  playUrlTtlS: number;
  /** Grace time of an encoder, milliseconds. */
  graceMs: number;
  vodMaxBytes: number;
  /** VOD_IMPORT_DIR is set: videos may be taken from a folder by path. */
  vodPaths: boolean;
  cacheTtlS: number;
  /** Shares chat rooms between API processes; null: one process. */
  redisUrl: string | null;
  dataDir: string;
}

/** What the API needs to know of the environment; made by api/main.ts. */
export interface ApiConfig {
  version: string;
  /** How people reach the API, without a slash at the end. */
  publicUrl: string;
  jwtSecret: string;
  /** Life of an access token, seconds. */
  jwtTtlS: number;
  defaultPlanTier: PlanTier;
  loginRatePerMinute: number;
  workspaceRatePerMinute: number;
  /** Reverse proxies whose X-Forwarded-For entries are believed, counted from the right. */
  trustedProxies: number;
  /** Origins that browsers may call from. */
  corsOrigins: string[];
  tiktokMode: 'sandbox' | 'production';
  /** Calls a minute to the sign service, where its answers do not tell. */
  signLimitPerMinute: number | null;
  /** Our app at TikTok, and where its consent page is; null: accounts can't be connected. */
  tiktokApp: { client_key: string; client_secret: string; auth_url: string; pkce: boolean; redirect_uri: string } | null;
  /** Our app in TikTok Shop's Partner Center and its consent page; null: shops can't be connected. */
  shopApp: { app_key: string; app_secret: string; service_id: string | null; market: 'row' | 'us'; authorize_url: string | null } | null;
  /** How often each channel is synced, seconds. */
  shopSyncIntervalS: number;
  /** Largest file that may be uploaded, bytes. */
  mediaMaxBytes: number;
  /** Streams and videos: where media hosts are reached when none has said so yet, and limits. */
  streaming: StreamingConfig;
  social: SocialConfig;
  /** RabbitMQ, of which GET / says whether it answers; null: off. */
  amqpUrl: string | null;
  /** null: not known or not there. */
  links: { temporalUi: string | null; mqtt: string | null };
}

/** Everything that routes close over. Tests give fakes here and nowhere else. */
export interface ApiDeps {
  db: Db;
  pool: pg.Pool;
  config: ApiConfig;
  logger: Logger;
  secrets: SecretBox;
  temporal: TemporalGateway;
  feed: FeedHub;
  /** Tells when a post has changed. */
  posts: PostHub;
  metrics: ApiMetrics;
  /** Where uploaded files lie. */
  media: MediaStorage;
  /** Lists and hot details. */
  cache: Cache;
  /** Asks ffprobe about a file on this machine's disk. */
  probe: (path: string) => Promise<ProbeResult>;
  /** Whether ffmpeg runs here, without which no video of the app is taken. */
  hasFfmpeg: () => Promise<boolean>;
  /** What connected apps are told at once. */
  realtime: Realtime;
  /** Who a user of the app is, by their provider's word. */
  identity: IdentityVerifier;
  /** Reads receipts and notifications of app stores. */
  stores: ReceiptDesk;
  /** Aborted when the process stops: what streams must end then. */
  shutdown: AbortSignal;
}
