import type { Db } from '../../db/client.ts';
import { findChannel } from '../../db/channel.repository.ts';
import { insertInventoryRequests } from '../../db/inventory-request.repository.ts';
import type { ActionSender, AttemptResult } from '../../domain/contracts/action.ts';
import { STOCK_LIMITS } from '../../domain/contracts/shop-job.ts';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { numberOf } from '../../domain/rules/value.ts';
import type { ShopWorkflows } from '../shop/shop-workflows.ts';

export interface InventorySenderDeps {
  db: Db;
  shops: Pick<ShopWorkflows, 'wakeStock'>;
  now?: () => number;
}

/**
 * Asks for a SKU's stock to be set: it succeeds once the request is kept and the channel's workflow knows of it. The action's id makes a second attempt the same
 * request; what TikTok says of it stands in the request.
 */
export function createInventorySender({ db, shops, now = Date.now }: InventorySenderDeps): ActionSender {
  return async ({ id, workspace_id, action }) => {
    if (action.action_type !== 'shop_inventory') return failed('invalid_config');
    const { channel_id, sku_id, seller_sku, quantity, basis = 'available' } = action.config;
    const units = typeof quantity === 'number' ? quantity : numberOf(quantity);
    if (!Number.isInteger(units) || units < STOCK_LIMITS.min || units > STOCK_LIMITS.max) return failed('invalid_config', `quantity is “${quantity}”, and TikTok takes ${STOCK_LIMITS.min} to ${STOCK_LIMITS.max}.`);
    const channel = await findChannel(db, workspace_id, channel_id);
    if (!channel || channel.state === 'disconnected') return failed('shop_channel_disconnected');
    await insertInventoryRequests(db, [
      {
        channel_id,
        workspace_id,
        source: 'rule',
        job_id: null,
        dedupe_key: `action:${id}`,
        product_id: null,
        sku_id: sku_id ?? null,
        seller_sku: seller_sku ?? null,
        warehouse_id: null,
        quantity: units,
        basis,
        as_of_ms: now(),
      },
    ]);
    await shops.wakeStock({ channel_id, workspace_id });
    return { outcome: 'succeeded', response: null };
  };
}

const failed = (code: ErrorCode, detail?: string): AttemptResult => ({ outcome: 'failed', code, error: detail ? `${ERRORS[code].message} ${detail}` : ERRORS[code].message });
