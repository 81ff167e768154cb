import type pg from 'pg';
import { v5 as uuidV5 } from 'uuid';
import { createNotification } from '../../../db/notification.repository.ts';
import { describeUnits, type Shortfall } from '../../../domain/shop/order-timeline.ts';

/** Namespace of the ids that make a notice the same on every attempt. */
const NOTICES = '5f0c5b1e-7d3f-4c7c-9a65-0f4f5f3b7a11';

interface NoticeChannel {
  channel_id: string;
  workspace_id: string;
  name: string;
}

/** Tells people once that an order was sold for which units are missing. */
export async function notifyShortfall(pool: pg.Pool, { channel_id, workspace_id, name }: NoticeChannel, order_id: string, shortfall: readonly Shortfall[]): Promise<void> {
  await createNotification(pool, {
    workspace_id,
    action_id: uuidV5(`order-short:${channel_id}:${order_id}`, NOTICES),
    livestream_id: null,
    message: `Order ${order_id} of “${name}” was sold and there are too few units: ${describeUnits(shortfall)}.`,
  });
}

/** Tells people once, for this deadline, that an order has not been shipped. */
export async function notifyDeadline(pool: pg.Pool, { channel_id, workspace_id, name }: NoticeChannel, order_id: string, kind: 'warned' | 'escalated', shipBy: Date): Promise<void> {
  const by = `${shipBy.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  await createNotification(pool, {
    workspace_id,
    action_id: uuidV5(`order-${kind}:${channel_id}:${order_id}:${shipBy.getTime()}`, NOTICES),
    livestream_id: null,
    message: kind === 'warned' ? `Order ${order_id} of “${name}” has to be shipped by ${by}.` : `Urgent: order ${order_id} of “${name}” is still not shipped, and TikTok’s deadline is ${by}.`,
  });
}
