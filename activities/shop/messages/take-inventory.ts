import type { Db } from '../../../db/client.ts';
import { findNamedChannels, storeDeadLetter, storeInventoryMessage } from '../../../db/message-inbox.repository.ts';
import type { InventoryMessage } from '../../../domain/contracts/shop-message.ts';
import { readInventoryMessage, sortInventory, type MessageFault } from '../../../domain/shop/message-inventory.ts';
import type { ReceivedMessage, Verdict } from '../../../messaging/rabbitmq-consumer.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';
import { channelsOf } from '../stock/inventory-intake.ts';

export interface TakeInventoryDeps {
  db: Db;
  workflows: Pick<ShopWorkflows, 'wakeStock'>;
  /** Name of the queue, for the record. */
  queue: string;
}

/**
 * Takes a bulk inventory message: its items become inventory_requests in one transaction, then the stock of each channel is woken. A repeat stores
 * nothing and wakes again. What can never be taken is recorded as a dead letter.
 * @throws where PostgreSQL or Temporal is away: the message must come again
 */
export const createTakeInventory =
  ({ db, workflows, queue }: TakeInventoryDeps) =>
  async (received: ReceivedMessage): Promise<Verdict> => {
    const dead = async ({ code, reason }: MessageFault): Promise<Verdict> => {
      await storeDeadLetter(db, { queue, message_id: received.message_id, body: received.text, code, reason });
      return { kind: 'dead', code, reason };
    };
    const read = readInventoryMessage(received.text, Buffer.byteLength(received.text));
    if (!read.ok) return dead(read);
    const { message } = read;
    const channels = await findNamedChannels(db, message.workspace_id, named(message, 'channel_id'), named(message, 'shop_id'));
    const sorted = sortInventory(message, channels, received.sent_at_ms ?? Date.now());
    if (!sorted.ok) return dead(sorted);
    try {
      await storeInventoryMessage(db, sorted.accepted, sorted.refused);
    } catch (error) {
      if (!isDataException(error)) throw error;
      return dead({ code: 'shop_message_invalid', reason: `PostgreSQL does not take it: ${error.message}` });
    }
    for (const channel of channelsOf(sorted.accepted)) await workflows.wakeStock(channel);
    return { kind: 'taken' };
  };

const named = (message: InventoryMessage, name: 'channel_id' | 'shop_id'): string[] => [...new Set(message.items.flatMap((item) => item[name] ?? []))];

/** SQLSTATE class 22: the data itself is at fault, and would be again. */
const isDataException = (error: unknown): error is Error => error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('22');
