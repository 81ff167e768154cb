import { randomUUID } from 'node:crypto';
import type { Db } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import type { ShopProduct, ShopSku } from '../../domain/contracts/shop-api.ts';

/** A channel straight in the tables, without tokens: for what never calls TikTok. */
export async function seedBareChannel(db: Db, workspace_id: string, over: { shop_id?: string; state?: 'active' | 'paused' } = {}): Promise<string> {
  const { shop_id = randomUUID(), state = 'active' } = over;
  const [authorization_id, id] = [newId(), newId()];
  await db
    .insertInto('shop_authorizations')
    .values({ id: authorization_id, workspace_id, open_id: shop_id, seller_name: null, seller_base_region: null, granted_scopes: [], state: 'connected', token_version: 1, state_code: null, state_reason: null, access_token: 'sealed', refresh_token: 'sealed', token_obtained_at: new Date(), access_expires_at: new Date(), refresh_expires_at: new Date(), refresh_sent_version: null, last_refreshed_at: null, last_refresh_error: null, connected_by: null })
    .execute();
  await db
    .insertInto('channels')
    .values({ id, workspace_id, authorization_id, shop_id, shop_cipher: 'sealed', name: 'Shop', region: 'GB', seller_type: 'LOCAL', code: null, state, state_code: null, state_reason: null, paused_at: null, disconnected_at: null })
    .execute();
  return id;
}

export const shopSku = (id: string, over: Partial<ShopSku> = {}): ShopSku => ({
  id,
  seller_sku: `S-${id}`,
  price: { amount: 1_499, currency: 'GBP' },
  inventory: [{ warehouse_id: 'w1', quantity: 10 }],
  status: 'NORMAL',
  attributes: [],
  ...over,
});

/** As a search gives it. */
export const shopProduct = (id: string, over: Partial<ShopProduct> = {}): ShopProduct => ({
  id,
  title: `Lamp ${id}`,
  status: 'ACTIVATE',
  audit_status: 'APPROVED',
  description: null,
  image_urls: [],
  skus: [shopSku(`${id}1`)],
  create_time_ms: 1_700_000_000_000,
  update_time_ms: 1_700_000_000_000,
  detailed: false,
  ...over,
});
