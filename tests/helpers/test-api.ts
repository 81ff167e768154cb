import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { createApp } from '../../api/app.ts';
import { issueToken } from '../../api/auth.ts';
import type { Router } from '../../api/context.ts';
import type { ApiConfig, ApiDeps } from '../../api/deps.ts';
import { createFeedHub } from '../../api/feed-hub.ts';
import { NO_CACHE } from '../../api/cache.ts';
import { createApiMetrics } from '../../api/metrics.ts';
import { createPostHub } from '../../api/post-hub.ts';
import { createRealtime } from '../../api/realtime.ts';
import type { TemporalGateway } from '../../api/temporal.ts';
import { REDACTED_PATHS } from '../../config/logging.ts';
import { newId } from '../../db/ids.ts';
import { createSecretBox } from '../../db/secret-box.ts';
import type { AttemptResult } from '../../domain/contracts/action.ts';
import type { ConnectShopsOutcome, ReadShopInput } from '../../domain/contracts/channel.ts';
import type { CreatorInfo, OpenApiResult } from '../../domain/contracts/open-api.ts';
import type { PostUpdateAnswer } from '../../domain/contracts/post.ts';
import type { ShipAnswer } from '../../domain/contracts/shop-order.ts';
import type { LabelOutcome } from '../../domain/contracts/shop-shipping.ts';
import type { ConnectAccountOutcome, DisconnectAnswer, RefreshAnswer } from '../../domain/contracts/social-account.ts';
import type { WorkspaceRole } from '../../domain/permissions.ts';
import { createLocalStorage } from '../../media/local-storage.ts';
import { createIdentityVerifier } from '../../social/identity/verifier.ts';
import { createStores } from '../../social/stores/stores.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { seedWorkspace } from './seed.ts';

/** Temporal as the API sees it; remembers what it was asked for. */
export interface FakeTemporal extends TemporalGateway {
  calls: { name: string; args: unknown[] }[];
  reachable: boolean;
  /** What commandDevice gives next. */
  commandResult: AttemptResult;
  /** What the role publish gives next. */
  answers: {
    connectAccount: ConnectAccountOutcome;
    refreshToken: RefreshAnswer;
    disconnectAccount: DisconnectAnswer;
    creatorInfo: OpenApiResult<CreatorInfo>;
    editPost: PostUpdateAnswer;
    cancelPost: PostUpdateAnswer;
    /** And the role shop. */
    connectShops: ConnectShopsOutcome;
    ship: ShipAnswer;
    fetchLabel: LabelOutcome;
    /** Whether a job ends while somebody waits. */
    awaitJob: boolean;
  };
  /** Stands in for the workflow `readShop`: writes the answer to its row. */
  onReadShop: (input: ReadShopInput) => Promise<void>;
}

export interface Answer<T = never> {
  status: number;
  headers: Headers;
  body: T;
}

export interface TestApi {
  app: Router;
  database: TestDatabase;
  deps: ApiDeps;
  temporal: FakeTemporal;
  /** Everything that was logged, as text. */
  log(): string;
  /** `body` is sent as JSON; text is sent as it is. */
  call<T = never>(method: string, path: string, options?: CallOptions): Promise<Answer<T>>;
  /** A user with a role in a workspace: a new workspace, of which they are owner, where none is given. */
  person(role?: WorkspaceRole, workspaceId?: string): Promise<Person>;
  close(): Promise<void>;
}

export interface CallOptions {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Address that the request seems to come from. */
  address?: string;
}

export interface Person {
  user_id: string;
  workspace_id: string;
  token: string;
}

const CONFIG: ApiConfig = {
  version: '0.0.0-test',
  publicUrl: 'http://127.0.0.1:8080',
  jwtSecret: 'a secret of tests that is long enough',
  jwtTtlS: 3_600,
  defaultPlanTier: 'free',
  loginRatePerMinute: 1_000,
  workspaceRatePerMinute: 100_000,
  trustedProxies: 0,
  corsOrigins: [],
  tiktokMode: 'sandbox',
  signLimitPerMinute: null,
  tiktokApp: {
    client_key: 'test-client-key',
    client_secret: 'test-client-secret',
    auth_url: 'https://www.tiktok.example',
    pkce: true,
    redirect_uri: 'http://127.0.0.1:8080/api/auth/tiktok/callback',
  },
  shopApp: { app_key: 'test-app-key', app_secret: 'test-app-secret', service_id: '7400000000000000009', market: 'row', authorize_url: null },
  shopSyncIntervalS: 300,
  mediaMaxBytes: 64 * 1024 * 1024,
  streaming: {
    mediaUrl: 'http://127.0.0.1:8090',
    rtmpUrl: 'rtmp://127.0.0.1:1935/live',
    eventSecret: null,
    eventAddresses: [],
    playUrlTtlS: 3_600,
    graceMs: 60_000,
    vodMaxBytes: 64 * 1024 * 1024,
    vodPaths: true,
    cacheTtlS: 30,
    redisUrl: null,
    dataDir: '.data/test',
  },
  social: { tokenTtlS: 3_600, payout: { minCoins: 1_000, coinMinor: 50, currency: 'USD', holdS: 60 }, videoMaxBytes: 64 * 1024 * 1024, videoMaxS: 180 },
  amqpUrl: null,
  links: { temporalUi: null, mqtt: null },
};

/** The API on a database of its own, without a port. @param over what is real instead, such as the app stores */
export async function createTestApi(config: Partial<ApiConfig> = {}, over: Partial<ApiDeps> = {}): Promise<TestApi> {
  const database = await createTestDatabase();
  const temporal = createFakeTemporal();
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const shutdown = new AbortController();
  const mediaRoot = await mkdtemp(join(tmpdir(), 'showrunner-media-'));
  const feed = createFeedHub({ db: database.db, databaseUrl: database.url });
  const posts = createPostHub({ databaseUrl: database.url });
  const deps: ApiDeps = {
    db: database.db,
    pool: database.pool,
    config: { ...CONFIG, ...config },
    logger: pino({ level: 'debug', redact: { paths: REDACTED_PATHS } }, sink),
    secrets: createSecretBox(['ab'.repeat(32)]),
    temporal,
    feed,
    posts,
    metrics: createApiMetrics({ processMetrics: false }),
    media: createLocalStorage(mediaRoot),
    cache: NO_CACHE,
    probe: () => Promise.resolve({ kind: 'not_installed' }),
    hasFfmpeg: () => Promise.resolve(true),
    realtime: createRealtime(),
    stores: createStores({ apple: null, google: null }),
    identity: createIdentityVerifier({ google: null, apple: null, facebook: null, allowUnverified: true }),
    shutdown: shutdown.signal,
    ...over,
  };
  const app = createApp(deps);
  return {
    app,
    database,
    deps,
    temporal,
    log: () => lines.join(''),
    call: (method, path, options) => call(app, method, path, options),
    person: (role, workspaceId) => addPerson(deps, role, workspaceId),
    async close() {
      shutdown.abort();
      await feed.close();
      await posts.close();
      await database.drop();
      await rm(mediaRoot, { recursive: true, force: true });
    },
  };
}

async function call<T>(app: Router, method: string, path: string, { token, body, headers, address }: CallOptions = {}): Promise<Answer<T>> {
  const init = {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
  const response = await app.request(path, init, address ? { incoming: { socket: { remoteAddress: address } } } : undefined);
  const text = response.headers.get('content-type')?.startsWith('text/event-stream') ? await cut(response) : await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (/json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text) as T,
  };
}

async function cut(stream: Response): Promise<string> {
  await stream.body?.cancel();
  return '';
}

async function addPerson({ db, config, secrets }: ApiDeps, role: WorkspaceRole = 'owner', workspaceId?: string): Promise<Person> {
  if (workspaceId === undefined) {
    const seeded = await seedWorkspace(db, { webhook_secret: secrets.seal('whsec_test') });
    return { ...seeded, token: await issueToken(seeded.user_id, config) };
  }
  const user_id = newId();
  await db
    .insertInto('users')
    .values({ id: user_id, email: `${randomUUID()}@example.test`, full_name: 'Test', password_hash: 'none' })
    .execute();
  await db.insertInto('workspace_members').values({ workspace_id: workspaceId, user_id, role }).execute();
  return { user_id, workspace_id: workspaceId, token: await issueToken(user_id, config) };
}

function createFakeTemporal(): FakeTemporal {
  const calls: FakeTemporal['calls'] = [];
  const noted =
    <R>(name: string, result: () => R) =>
    (...args: unknown[]): Promise<R> => {
      calls.push({ name, args });
      return Promise.resolve(result());
    };
  const fake: FakeTemporal = {
    calls,
    reachable: true,
    commandResult: { outcome: 'succeeded', response: null },
    startLivestream: noted('startLivestream', () => undefined),
    disconnectLivestream: noted('disconnectLivestream', () => 'signalled' as const),
    deliverActions: noted('deliverActions', () => undefined),
    commandDevice: noted('commandDevice', () => fake.commandResult),
    publishing: {
      connectAccount: noted('connectAccount', () => fake.answers.connectAccount),
      refreshToken: noted('refreshToken', () => fake.answers.refreshToken),
      disconnectAccount: noted('disconnectAccount', () => fake.answers.disconnectAccount),
      creatorInfo: noted('creatorInfo', () => fake.answers.creatorInfo),
      startPost: noted('startPost', () => undefined),
      editPost: noted('editPost', () => fake.answers.editPost),
      cancelPost: noted('cancelPost', () => fake.answers.cancelPost),
      processWebhook: noted('processWebhook', () => undefined),
    },
    shop: {
      connectShops: noted('connectShops', () => fake.answers.connectShops),
      disconnectChannel: noted('disconnectChannel', () => undefined),
      async readShop(input) {
        calls.push({ name: 'readShop', args: [input] });
        await fake.onReadShop(input);
      },
      processWebhooks: noted('processWebhooks', () => undefined),
      startJob: noted('startJob', () => undefined),
      awaitJob: noted('awaitJob', () => fake.answers.awaitJob),
      triggerSync: noted('triggerSync', () => undefined),
      ship: noted('ship', () => fake.answers.ship),
      fetchLabel: noted('fetchLabel', () => fake.answers.fetchLabel),
    },
    onReadShop: () => Promise.resolve(),
    answers: {
      connectAccount: { kind: 'refused', code: 'oauth_failed', reason: 'not set by the test' },
      refreshToken: { ok: true, token_version: 2 },
      disconnectAccount: { revoked_at_tiktok: true, reason: null, cancelled_posts: 0 },
      creatorInfo: { ok: false, code: 'tiktok_unreachable', reason: 'not set by the test', tiktok_code: null, definite: false, retryable: true, retry_after_ms: null },
      editPost: { ok: true },
      cancelPost: { ok: true },
      connectShops: { kind: 'refused', code: 'shop_auth_code', reason: 'not set by the test' },
      ship: { ok: false, code: 'shop_refused', reason: 'not set by the test', order_status: null },
      fetchLabel: { kind: 'refused', code: 'shop_refused', reason: 'not set by the test' },
      awaitJob: true,
    },
    streaming: {
      startBroadcast: noted('startBroadcast', () => undefined),
      endBroadcast: noted('endBroadcast', () => undefined),
      announcePublish: noted('announcePublish', () => undefined),
      rotateKey: noted('rotateKey', () => undefined),
      ingestVod: noted('ingestVod', () => undefined),
      publishClip: noted('publishClip', () => undefined),
      restrictChat: noted('restrictChat', () => undefined),
      restrictionChanged: noted('restrictionChanged', () => undefined),
    },
    social: {
      verifyPurchase: noted('verifyPurchase', () => undefined),
      storeChanged: noted('storeChanged', () => undefined),
      payout: noted('payout', () => undefined),
      decidePayout: noted('decidePayout', () => true),
      processVideo: noted('processVideo', () => undefined),
      deleteAccount: noted('deleteAccount', () => undefined),
      exportData: noted('exportData', () => undefined),
    },
    isReachable: () => Promise.resolve(fake.reachable),
    close: () => Promise.resolve(),
  };
  return fake;
}
