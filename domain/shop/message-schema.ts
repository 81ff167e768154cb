import { z } from 'zod';
import { ORDER_CHANGES, PRODUCT_CHANGES } from '../contracts/shop-message.ts';

/** What is published: docs/messages/*.schema.json are made of these. */
const text = z.string();
const id = text.min(1);
const moment = z.iso.datetime().describe('ISO 8601, UTC.');
const money = z.strictObject({ amount: z.int().describe('Minor units: USD 15.00 is 1500, JPY 1500 is 1500.'), currency: text.length(3).describe('ISO 4217.') });

const base = {
  message_id: z.uuid().describe('The same on every repeat; AMQP message-id, and Idempotency-Key of a callback.'),
  schema_version: z.literal(1),
  occurred_at: moment,
  workspace_id: z.uuid(),
  channel_id: z.uuid().describe('The channel_uid of the API.'),
  shop_id: id.describe('TikTok’s id of the shop.'),
  sequence: z.int().min(1).describe('Rises by one with each message of this order or product, from 1: a lower one than the last is a repeat.'),
};

const recipient = z.strictObject({
  name: text.nullable(),
  phone_number: text.nullable(),
  full_address: text.nullable(),
  address_lines: z.array(text),
  postal_code: text.nullable(),
  post_town: text.nullable(),
  region_code: text.nullable(),
  districts: z.array(z.strictObject({ level: text.nullable(), level_name: text.nullable(), name: text })),
});

const lineItem = z.strictObject({
  id: id.describe('One for each unit that was bought.'),
  product_id: text,
  product_name: text,
  sku_id: text,
  seller_sku: text.nullable(),
  status: text.nullable().describe('The item’s own, in the words of orders.'),
  sale_price: money.nullable(),
  package_id: text.nullable(),
  tracking_number: text.nullable(),
});

export const orderMessageSchema = z
  .strictObject({
    ...base,
    type: z.literal('order'),
    change: z.enum(ORDER_CHANGES).describe('placed: seen for the first time; paid: it may be shipped or is held back; updated: anything else, such as the address.'),
    order: z.strictObject({
      order_id: id,
      status: id.describe('In TikTok’s words: UNPAID, ON_HOLD, AWAITING_SHIPMENT, PARTIALLY_SHIPPING, AWAITING_COLLECTION, IN_TRANSIT, DELIVERED, COMPLETED, CANCELLED. New ones may come.'),
      previous_status: text.nullable(),
      update_time: moment,
      create_time: moment,
      paid_time: moment.nullable(),
      ship_by: moment.nullable(),
      total: money.nullable(),
      buyer_nickname: text.nullable(),
      buyer_message: text.nullable(),
      shipping_type: text.nullable().describe('TIKTOK or SELLER.'),
      delivery_option_id: text.nullable(),
      recipient: recipient.nullable().describe('Empty or masked for as long as TikTok keeps the buyer to itself.'),
      line_items: z.array(lineItem),
      package_ids: z.array(text),
      shortfall: z.array(z.strictObject({ sku_id: text, units: z.int().min(1) })).describe('Units that were sold and are not there.'),
    }),
  })
  .meta({ title: 'An order changed' });

export const productMessageSchema = z
  .strictObject({
    ...base,
    type: z.literal('product'),
    change: z.enum(PRODUCT_CHANGES),
    product: z.strictObject({
      product_id: id,
      title: text,
      status: id.describe('In TikTok’s words: DRAFT, PENDING, FAILED, ACTIVATE, SELLER_DEACTIVATED, PLATFORM_DEACTIVATED, FREEZE, DELETED. New ones may come.'),
      update_time: moment.nullable(),
      skus: z.array(
        z.strictObject({
          id,
          seller_sku: text.nullable(),
          price: money.nullable(),
          inventory: z.array(z.strictObject({ warehouse_id: text.nullable(), quantity: z.int() })),
          status: text.nullable(),
        }),
      ),
    }),
  })
  .meta({ title: 'A product changed' });
