import { createPayoutActivities } from '../../activities/social/payouts/payout.activities.ts';
import { createPurchaseActivities } from '../../activities/social/purchases/purchase.activities.ts';
import type { PurchaseDeps } from '../../activities/social/purchases/purchase-deps.ts';
import type { ApiConfig } from '../../api/deps.ts';
import { createTemporalGateway, type TemporalGateway } from '../../api/temporal.ts';
import { appAccount, moveCoins, walletOf } from '../../db/coin-ledger.repository.ts';
import { newId } from '../../db/ids.ts';
import { purchaseWorkflowId, payoutWorkflowId } from '../../domain/names.ts';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/server.ts';
import { createStores, type StoreOptions, type Stores } from '../../social/stores/stores.ts';
import { quietLog } from './quiet-log.ts';
import { socialApp, appUser, verb, type TestAppUser, type VerbAnswer } from './social.ts';
import { testTemporal, testTemporalAddress, type TestTemporal } from './temporal.ts';
import { createTestApi, type TestApi } from './test-api.ts';

export interface PurchaseMsg {
  Purchase: { id: string; status: string; coins: string; refunded_coins: string; reason_code: string; reason: string; store: string; product_id: string; test: string };
  wallet: string;
}

/** What a phone got of Apple. */
export interface AppleBought {
  transaction_id: string;
  signed_transaction: string;
}

/** What the app is at the stores, and where they are. */
export async function sandboxStores(url: string): Promise<Required<Omit<StoreOptions, 'timeoutMs'>>> {
  const get = async <T>(path: string): Promise<T> => (await fetch(`${url}/control/stores${path}`)).json() as Promise<T>;
  const apple = await get<{ bundle_id: string; app_id: number; environment: 'Sandbox'; issuer_id: string; key_id: string; private_key: string }>('/apple/app');
  const google = await get<{ package_name: string; audience: string; email: string }>('/google/app');
  const root = Buffer.from(await (await fetch(`${url}/control/stores/apple/root`)).arrayBuffer());
  return {
    apple: {
      bundleId: apple.bundle_id,
      environment: apple.environment,
      appId: apple.app_id,
      roots: [root],
      url: `${url}/stores/apple`,
      key: { issuerId: apple.issuer_id, keyId: apple.key_id, privateKey: apple.private_key },
    },
    google: {
      packageName: google.package_name,
      url: `${url}/stores/google`,
      tokenUrl: `${url}/stores/google/token`,
      jwksUrl: `${url}/identity/google/certs`,
      account: await get('/google/service-account'),
      audience: google.audience,
      email: google.email,
    },
  };
}

export interface StoreWorldOptions {
  config?: Partial<ApiConfig>;
  /** Of the calls to the stores. */
  timeoutMs?: number;
  /** How long a store may not know a purchase until that is refused. */
  unknownForMs?: number;
}

export type StoreWorld = Awaited<ReturnType<typeof createStoreWorld>>;

/** The API with a real Temporal and the sandbox's stores; a worker runs once it is asked for. */
export async function createStoreWorld({ config, timeoutMs = 2_000, unknownForMs = 2_000 }: StoreWorldOptions = {}) {
  const [sandbox, temporal]: [Sandbox, TestTemporal] = await Promise.all([createSandbox({} satisfies SandboxOptions), testTemporal()]);
  const prefix = `${temporal.taskQueue}-`;
  const options = { ...(await sandboxStores(sandbox.url)), timeoutMs };
  const stores: Stores = createStores(options);
  const gateway: TemporalGateway = createTemporalGateway({ address: testTemporalAddress(), namespace: 'default', taskQueuePrefix: prefix, tls: null, apiKey: undefined });
  const api: TestApi = await createTestApi(config, { stores });
  const fake = api.temporal.social;
  api.temporal.social = gateway.social;
  const { db } = api.deps;
  const workspace_id = await socialApp(api);
  const deps: PurchaseDeps = { db, secrets: api.deps.secrets, stores, client: temporal.client, taskQueuePrefix: prefix, logger: quietLog };
  const activities = { ...createPurchaseActivities(deps, unknownForMs), ...createPayoutActivities(deps) };

  const control = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${sandbox.url}/control/stores${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  };

  return {
    sandbox,
    temporal,
    prefix,
    queue: `${prefix}social`,
    api,
    db,
    stores,
    options,
    deps,
    activities,
    workspace_id,
    /** In the place of a Temporal that is down. */
    fakeTemporal: fake,
    realTemporal: gateway.social,
    control,
    /** The role social. `over` takes the place of activities. */
    worker: (over: object = {}) => temporal.runWorker({ taskQueue: `${prefix}social`, activities: { ...activities, ...over }, maxHeartbeatThrottleInterval: '500ms' }),
    user: (): Promise<TestAppUser> => appUser(api),
    verb: <M = PurchaseMsg>(user: TestAppUser, name: string, fields: Record<string, unknown> = {}): Promise<VerbAnswer<M>> => verb<M>(api, name, fields, user.token),
    apple: (bought: Record<string, unknown>) => control<AppleBought>('POST', '/apple/purchases', { product_id: 'coins_100', ...bought }),
    google: (bought: Record<string, unknown> = {}) => control<{ purchase_token: string; order_id: string; product_id: string }>('POST', '/google/purchases', { product_id: 'coins_100', ...bought }),
    balance: async (user: Pick<TestAppUser, 'id'>): Promise<number> => (await walletOf(db, workspace_id, user.id)).balance,
    accounts: async (): Promise<Record<string, number>> => {
      const rows = await db.selectFrom('coin_accounts').select(['kind', 'balance']).where('user_id', 'is', null).where('workspace_id', '=', workspace_id).execute();
      return Object.fromEntries(rows.map(({ kind, balance }) => [kind, balance]));
    },
    /** Coins out of nothing but the house. */
    async give(user: Pick<TestAppUser, 'id'>, coins: number): Promise<void> {
      const entries = [
        { account_id: (await walletOf(db, workspace_id, user.id)).account_id, amount: coins },
        { account_id: await appAccount(db, workspace_id, 'house'), amount: -coins },
      ];
      await moveCoins(db, { workspace_id, kind: 'grant', request_key: `test:${newId()}`, entries });
    },
    async spend(user: Pick<TestAppUser, 'id'>, coins: number): Promise<void> {
      const entries = [
        { account_id: (await walletOf(db, workspace_id, user.id)).account_id, amount: -coins },
        { account_id: await appAccount(db, workspace_id, 'house'), amount: coins },
      ];
      await moveCoins(db, { workspace_id, kind: 'forfeit', request_key: `test:${newId()}`, entries });
    },
    /** That nothing came from nowhere: sums of movements and balances, each from its entries. */
    async faults(): Promise<unknown[]> {
      const { rows } = await api.deps.pool.query<object>(`
        select 'movement' as what, movement_id::text as id, sum(amount)::int as off from coin_transactions group by movement_id having sum(amount) <> 0
        union all
        select 'balance', a.id::text, (a.balance - coalesce(sum(t.amount), 0))::int from coin_accounts a left join coin_transactions t on t.account_id = a.id
        group by a.id, a.balance having a.balance <> coalesce(sum(t.amount), 0)`);
      return rows;
    },
    movements: (id: string) => db.selectFrom('coin_movements').select(['kind', 'request_key']).where('request_key', 'like', `%${id}%`).orderBy('created_at').execute(),
    purchase: (id: string) => db.selectFrom('purchases').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    payout: (id: string) => db.selectFrom('payouts').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    notifications: (user: Pick<TestAppUser, 'id'>) => db.selectFrom('app_notifications').select(['kind', 'text']).where('user_id', '=', user.id).orderBy('id').execute(),
    purchaseEnd: (id: string): Promise<unknown> => temporal.client.workflow.getHandle(purchaseWorkflowId(id)).result(),
    payoutEnd: (id: string): Promise<unknown> => temporal.client.workflow.getHandle(payoutWorkflowId(id)).result(),
    async close(): Promise<void> {
      await temporal.close();
      await gateway.close();
      await stores.close();
      await api.close();
      await sandbox.close();
    },
  };
}
