import { z } from 'zod';
import { STOCK_BASES, STOCK_LIMITS, type NewInventoryRequest } from '../contracts/shop-job.ts';
import type { InventoryMessage } from '../contracts/shop-message.ts';
import type { ErrorCode } from '../errors.ts';

export const MAX_INVENTORY_ITEMS = 1_000;
export const MAX_INVENTORY_BYTES = 1_048_576;
const INT4 = 2_147_483_647;

// PostgreSQL takes no NUL in a text.
const word = z.string().min(1).max(200).regex(/^[^\0]*$/, 'must not hold a NUL character');
const oneOf = (...names: string[]) => ({ oneOf: names.map((name) => ({ required: [name] })) });
const exactlyOne = (...values: unknown[]): boolean => values.filter((value) => value !== undefined).length === 1;

const item = z
  .strictObject({
    channel_id: z.uuid().optional().describe('The channel_uid of the API; this or shop_id.'),
    shop_id: word.optional().describe('TikTok’s id of the shop; this or channel_id.'),
    sku_id: word.optional().describe('TikTok’s id of the SKU; this or seller_sku.'),
    seller_sku: word.optional().describe('As the seller calls the SKU; this or sku_id.'),
    warehouse_id: word.optional().describe('TikTok’s; needed where the SKU is in several.'),
    quantity: z.int().min(-INT4).max(INT4).describe(`Units, ${STOCK_LIMITS.min} to ${STOCK_LIMITS.max}; an item outside fails alone.`),
    basis: z.enum(STOCK_BASES).optional().describe('on_hand: all units in the house, sold ones that are not shipped yet among them. available: units that may be sold on. Default: available.'),
    as_of: z.iso.datetime({ offset: true }).optional().describe('When it was counted; the newest wins. Default: the timestamp of the message, else when it came.'),
  })
  .refine(({ channel_id, shop_id }) => exactlyOne(channel_id, shop_id), 'needs channel_id or shop_id, one of both')
  .refine(({ sku_id, seller_sku }) => exactlyOne(sku_id, seller_sku), 'needs sku_id or seller_sku, one of both')
  .meta({ allOf: [oneOf('channel_id', 'shop_id'), oneOf('sku_id', 'seller_sku')] });

export const inventoryMessageSchema = z
  .strictObject({
    message_id: word.describe('The sender’s own; a repeat changes nothing.'),
    workspace_id: z.uuid(),
    items: z.array(item).min(1).max(MAX_INVENTORY_ITEMS),
  })
  .meta({ title: 'Bulk inventory' });

export interface MessageFault {
  code: ErrorCode;
  reason: string;
}
export type ReadInventoryMessage = { ok: true; message: InventoryMessage } | ({ ok: false } & MessageFault);

const MAX_NAMED = 5;

/** @param bytes of the text in UTF-8 */
export function readInventoryMessage(text: string, bytes: number): ReadInventoryMessage {
  if (bytes > MAX_INVENTORY_BYTES) return { ok: false, code: 'payload_too_large', reason: `The message has ${bytes} bytes; at most ${MAX_INVENTORY_BYTES} are taken.` };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { ok: false, code: 'malformed_json', reason: `The message is not JSON: ${(error as Error).message}` };
  }
  const parsed = inventoryMessageSchema.safeParse(json);
  if (parsed.success) return { ok: true, message: parsed.data as InventoryMessage };
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'message'}: ${message}`);
  const more = faults.length > MAX_NAMED ? `; and ${faults.length - MAX_NAMED} more` : '';
  return { ok: false, code: 'shop_message_invalid', reason: faults.slice(0, MAX_NAMED).join('; ') + more };
}

/** A channel as the message's workspace has it. */
export interface KnownChannel {
  id: string;
  shop_id: string;
  is_disconnected: boolean;
}

export interface RefusedRequest extends NewInventoryRequest {
  state_code: ErrorCode;
  state_reason: string;
}

export type SortedInventory = { ok: true; accepted: NewInventoryRequest[]; refused: RefusedRequest[] } | ({ ok: false } & MessageFault);

/**
 * Makes each item a request of its channel. An item that names a shop which the workspace has not spoils the message; one with a quantity that
 * can't be, or of a shop that was disconnected, is refused alone.
 * @param sentAtMs as the message says, or when it came; epoch milliseconds
 */
export function sortInventory({ message_id, workspace_id, items }: InventoryMessage, channels: readonly KnownChannel[], sentAtMs: number): SortedInventory {
  const byName = new Map<string, KnownChannel>(channels.flatMap((channel) => [[`channel ${channel.id}`, channel] as const, [`shop ${channel.shop_id}`, channel] as const]));
  const unknown = new Set<string>();
  const accepted: NewInventoryRequest[] = [];
  const refused: RefusedRequest[] = [];
  items.forEach((entry, index) => {
    const name = entry.channel_id !== undefined ? `channel ${entry.channel_id}` : `shop ${entry.shop_id}`;
    const channel = byName.get(name);
    if (!channel) return unknown.add(name);
    const request: NewInventoryRequest = {
      channel_id: channel.id,
      workspace_id,
      source: 'rabbitmq',
      job_id: null,
      dedupe_key: `${message_id}:${index}`,
      product_id: null,
      sku_id: entry.sku_id ?? null,
      seller_sku: entry.seller_sku ?? null,
      warehouse_id: entry.warehouse_id ?? null,
      quantity: entry.quantity,
      basis: entry.basis ?? 'available',
      as_of_ms: entry.as_of === undefined ? sentAtMs : Date.parse(entry.as_of),
    };
    const fault = faultOf(request, channel);
    return fault ? refused.push({ ...request, state_code: fault.code, state_reason: fault.reason }) : accepted.push(request);
  });
  if (unknown.size === 0) return { ok: true, accepted, refused };
  return { ok: false, code: 'not_found', reason: `The workspace ${workspace_id} has no ${[...unknown].slice(0, MAX_NAMED).join(', ')}; nothing of the message was taken.` };
}

function faultOf({ quantity }: NewInventoryRequest, channel: KnownChannel): MessageFault | null {
  if (channel.is_disconnected) return { code: 'shop_channel_disconnected', reason: `The shop ${channel.shop_id} was disconnected.` };
  if (quantity < STOCK_LIMITS.min || quantity > STOCK_LIMITS.max) return { code: 'shop_message_invalid', reason: `quantity ${quantity} is not within ${STOCK_LIMITS.min} to ${STOCK_LIMITS.max}.` };
  return null;
}
