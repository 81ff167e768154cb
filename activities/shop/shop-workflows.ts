import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { ChannelKey, AuthorizationKey } from '../../domain/contracts/channel.ts';
import type { OrderChanged, OrderKey } from '../../domain/contracts/shop-order.ts';
import {
  channelStockWorkflowId,
  fulfilOrderWorkflowId,
  refreshProductsWorkflowId,
  shopTokenWorkflowId,
  shopWebhooksWorkflowId,
  taskQueue,
} from '../../domain/names.ts';
import { changedSignal, resumedSignal } from '../../workflows/fulfil-order.messages.ts';
import { productsChangedSignal } from '../../workflows/refresh-products.messages.ts';
import { deauthorizedSignal, expiringSignal, reconnectedSignal } from '../../workflows/shop-token.messages.ts';
import { wakeSignal } from '../../workflows/wake.messages.ts';

/** Tells the workflows of the role shop that there is something new; each is started where it does not run. Ends within `deadlineMs` or rejects. */
export interface ShopWorkflows {
  orderChanged(order: OrderKey, change: OrderChanged): Promise<void>;
  /** The order's channel can be used again. Where its workflow does not run nothing happens: it waits for nothing. */
  orderResumed(order: OrderKey): Promise<void>;
  productsChanged(channel: ChannelKey, productIds: readonly string[]): Promise<void>;
  /** inventory_requests hold something to send. */
  wakeStock(channel: ChannelKey): Promise<void>;
  /** shop_webhooks hold something to process. */
  wakeWebhooks(shopId: string): Promise<void>;
  reconnected(authorization: AuthorizationKey): Promise<void>;
  deauthorized(authorization: AuthorizationKey, what: { shop_id: string | null; reason: string }): Promise<void>;
  expiring(authorization: AuthorizationKey, what: { expires_at_ms: number | null }): Promise<void>;
}

export function createShopWorkflows(client: Client, taskQueuePrefix = '', deadlineMs = 5_000): ShopWorkflows {
  const queue = taskQueue('shop', taskQueuePrefix);
  const tell = async (workflowType: string, workflowId: string, input: object, summary: string, signal: { name: string }, signalArgs: unknown[]): Promise<void> => {
    await client.withDeadline(Date.now() + deadlineMs, () =>
      client.workflow.signalWithStart(workflowType, { taskQueue: queue, workflowId, args: [input], signal: signal.name, signalArgs, staticSummary: summary }),
    );
  };
  const tellToken = ({ authorization_id, workspace_id }: AuthorizationKey, signal: { name: string }, signalArgs: unknown[]): Promise<void> =>
    tell('shopToken', shopTokenWorkflowId(authorization_id), { authorization_id, workspace_id }, `Tokens of authorization ${authorization_id}`, signal, signalArgs);

  return {
    orderChanged: ({ channel_id, workspace_id, order_id }, change) =>
      tell('fulfilOrder', fulfilOrderWorkflowId(channel_id, order_id), { channel_id, workspace_id, order_id }, `Order ${order_id}`, changedSignal, [change]),
    orderResumed: ({ channel_id, order_id }) => client.withDeadline(Date.now() + deadlineMs, () => client.workflow.getHandle(fulfilOrderWorkflowId(channel_id, order_id)).signal(resumedSignal).catch(unlessGone)),
    productsChanged: ({ channel_id, workspace_id }, product_ids) =>
      tell('refreshProducts', refreshProductsWorkflowId(channel_id), { channel_id, workspace_id }, `Products of channel ${channel_id}`, productsChangedSignal, [{ product_ids }]),
    wakeStock: ({ channel_id, workspace_id }) =>
      tell('channelStock', channelStockWorkflowId(channel_id), { channel_id, workspace_id }, `Stock of channel ${channel_id}`, wakeSignal, []),
    wakeWebhooks: (shop_id) => tell('processShopWebhook', shopWebhooksWorkflowId(shop_id), { shop_id }, `Webhooks of shop ${shop_id}`, wakeSignal, []),
    reconnected: (authorization) => tellToken(authorization, reconnectedSignal, []),
    deauthorized: (authorization, what) => tellToken(authorization, deauthorizedSignal, [what]),
    expiring: (authorization, what) => tellToken(authorization, expiringSignal, [what]),
  };
}

function unlessGone(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}
