import type { Db } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import { storeShopWebhooks, type NewShopWebhook } from '../../db/shop-webhook-intake.repository.ts';
import type { ShopWorkflows } from '../../activities/shop/shop-workflows.ts';
import type { ChannelState } from '../../domain/contracts/channel.ts';
import type { OrderChanged } from '../../domain/contracts/shop-order.ts';
import { subjectOf } from '../../domain/shop/webhook-routes.ts';
import { parseShopWebhook } from '../../domain/shop/webhook.ts';
import type { TestDatabase } from './database.ts';
import { seedWorkspace } from './seed.ts';

export interface Told {
  what: keyof ShopWorkflows;
  /** Order, product ids, or authorization. */
  whom: string;
  change?: OrderChanged;
}

/** Stands in for those whom webhooks concern: notes who was told, and fails or waits where a test wants it. */
export interface NotedWorkflows extends ShopWorkflows {
  told: Told[];
  /** Called before each is noted. */
  before: (told: Told) => Promise<void> | void;
  orders(): Told[];
}

export function notedWorkflows(real: Pick<ShopWorkflows, 'wakeWebhooks'>): NotedWorkflows {
  const note = async (told: Told): Promise<void> => {
    await noted.before(told);
    noted.told.push(told);
  };
  const noted: NotedWorkflows = {
    told: [],
    before: () => undefined,
    orders: () => noted.told.filter(({ what }) => what === 'orderChanged'),
    orderChanged: ({ order_id }, change) => note({ what: 'orderChanged', whom: order_id, change }),
    orderResumed: ({ order_id }) => note({ what: 'orderResumed', whom: order_id }),
    productsChanged: (_channel, ids) => note({ what: 'productsChanged', whom: [...ids].sort().join() }),
    wakeStock: ({ channel_id }) => note({ what: 'wakeStock', whom: channel_id }),
    wakeWebhooks: (shopId) => real.wakeWebhooks(shopId),
    reconnected: ({ authorization_id }) => note({ what: 'reconnected', whom: authorization_id }),
    deauthorized: ({ authorization_id }) => note({ what: 'deauthorized', whom: authorization_id }),
    expiring: ({ authorization_id }) => note({ what: 'expiring', whom: authorization_id }),
  };
  return noted;
}

export interface WebhookSeed {
  type?: number;
  shop_id?: string | null;
  data?: object;
  /** Unix seconds. */
  timestamp?: number;
}

/** A webhook as it is stored when TikTok has sent it. */
export function webhookRow({ type = 1, shop_id = null, data = {}, timestamp = Math.floor(Date.now() / 1_000) }: WebhookSeed): NewShopWebhook {
  const id = newId();
  const body = JSON.stringify({ type, tts_notification_id: id, shop_id: shop_id ?? undefined, timestamp, data });
  const parsed = parseShopWebhook(body);
  if (!parsed.ok) throw new Error(parsed.reason);
  return { id, type, kind: parsed.webhook.kind, shop_id, subject: subjectOf(parsed.webhook), body, sent_at_ms: timestamp * 1_000 };
}

/** @returns ids, in the order of the seeds */
export async function seedWebhooks({ pool }: Pick<TestDatabase, 'pool'>, seeds: readonly WebhookSeed[]): Promise<string[]> {
  const rows = seeds.map(webhookRow);
  await storeShopWebhooks(pool, rows.map((webhook) => ({ webhook, times: 1 })), 10_000);
  return rows.map(({ id }) => id);
}

export interface SeededShop {
  shop_id: string;
  channel_id: string;
  workspace_id: string;
  authorization_id: string;
}

/** A connected shop in a workspace of its own, straight in the tables; nobody ever calls TikTok for it. */
export async function seedShop(db: Db, { shop_id = newId(), state = 'active' }: { shop_id?: string; state?: ChannelState } = {}): Promise<SeededShop> {
  const { workspace_id } = await seedWorkspace(db);
  const [authorization_id, channel_id] = [newId(), newId()];
  await db
    .insertInto('shop_authorizations')
    .values({ id: authorization_id, workspace_id, open_id: authorization_id, seller_name: null, seller_base_region: null, granted_scopes: [], state: 'connected', access_token: 'sealed', refresh_token: 'sealed' })
    .execute();
  await db
    .insertInto('channels')
    .values({ id: channel_id, workspace_id, authorization_id, shop_id, shop_cipher: 'sealed', name: 'Shop', region: 'GB', seller_type: null, code: null, state })
    .execute();
  return { shop_id, channel_id, workspace_id, authorization_id };
}
