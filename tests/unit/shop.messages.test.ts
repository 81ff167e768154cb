import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import type { InventoryMessage, OrderMessage, ProductMessage, ShopMessage } from '../../domain/contracts/shop-message.ts';
import { inventoryMessageSchema, readInventoryMessage, sortInventory } from '../../domain/shop/message-inventory.ts';
import { orderMessageSchema, productMessageSchema } from '../../domain/shop/message-schema.ts';
import { routeOf } from '../../domain/shop/message-routing.ts';
import { messageSchemas } from '../../scripts/message-schemas.ts';
import { orderMessage, productMessage } from '../helpers/messages.ts';

const folder = new URL('../../docs/messages/', import.meta.url);
const key = { channel_id: '0199c6f0-0000-7000-8000-000000000002', workspace_id: '0199c6f0-0000-7000-8000-000000000001' };
const whole = (message: object) => ({ ...message, message_id: '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10', schema_version: 1, occurred_at: '2026-01-01T00:00:00.000Z' }) as ShopMessage;

describe('The schemas of messages', () => {
  test('are those of docs/messages (npm run docs:messages)', () => {
    const stored = readdirSync(folder).filter((file) => file.endsWith('.schema.json'));
    expect(Object.fromEntries(stored.map((file) => [file, readFileSync(new URL(file, folder), 'utf8')]))).toEqual(messageSchemas());
  });

  test('say what the contracts say', () => {
    // Each line fails to compile where the two part.
    const order = (message: OrderMessage): z.infer<typeof orderMessageSchema> => message;
    const orderBack = (message: z.infer<typeof orderMessageSchema>): OrderMessage => message;
    const product = (message: ProductMessage): z.infer<typeof productMessageSchema> => message;
    const productBack = (message: z.infer<typeof productMessageSchema>): ProductMessage => message;
    const inventory = (message: InventoryMessage): z.input<typeof inventoryMessageSchema> => message;
    for (const convert of [order, orderBack, product, productBack, inventory]) expect(convert).toBeInstanceOf(Function);
  });

  test('take what is published, and the examples of docs/messages/README.md', () => {
    const examples = [...readFileSync(new URL('README.md', folder), 'utf8').matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => JSON.parse(json!) as unknown);
    expect(orderMessageSchema.parse(whole(orderMessage(key, '577000000000000001', 1)))).toMatchObject({ change: 'placed' });
    expect(productMessageSchema.parse(whole(productMessage(key, '1729000000000000001', 2)))).toMatchObject({ change: 'updated' });
    expect(examples.map((example) => [orderMessageSchema, productMessageSchema, inventoryMessageSchema].map((schema) => schema.safeParse(example).success))).toEqual([
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ]);
  });

  test('refuse a field that nobody documented', () => {
    expect(orderMessageSchema.safeParse({ ...whole(orderMessage(key, '577000000000000001', 1)), secret: 1 }).success).toBe(false);
  });
});

test('a message is addressed by type and change', () => {
  expect(routeOf(whole(productMessage(key, '1729000000000000001', 2)))).toEqual({
    routing_key: 'product.updated',
    subject: '1729000000000000001',
    headers: { ...key, shop_id: '7494000000000000001', sequence: 2, schema_version: 1 },
  });
});

describe('A bulk inventory message', () => {
  const message = (items: object[]): InventoryMessage => {
    const text = JSON.stringify({ message_id: 'm', workspace_id: key.workspace_id, items });
    const read = readInventoryMessage(text, text.length);
    if (!read.ok) throw new Error(read.reason);
    return read.message;
  };
  const channels = [{ id: key.channel_id, shop_id: '7', is_disconnected: false }];

  test('names at most five faults and counts the others', () => {
    const text = JSON.stringify({ message_id: 'm', workspace_id: key.workspace_id, items: Array.from({ length: 8 }, () => ({ shop_id: '7', sku_id: '1', quantity: 'x' })) });
    const read = readInventoryMessage(text, text.length);
    expect(read).toMatchObject({ ok: false, code: 'shop_message_invalid', reason: expect.stringMatching(/^items\.0\.quantity: .*; and 3 more$/) });
  });

  test('numbers its items, so that a repeat is known whatever else was refused', () => {
    const sorted = sortInventory(message([{ shop_id: '7', sku_id: '1', quantity: -5 }, { channel_id: key.channel_id, seller_sku: 'L', quantity: 5 }]), channels, 1_000);
    expect(sorted).toMatchObject({
      ok: true,
      accepted: [{ channel_id: key.channel_id, dedupe_key: 'm:1', seller_sku: 'L', as_of_ms: 1_000 }],
      refused: [{ channel_id: key.channel_id, dedupe_key: 'm:0', state_code: 'shop_message_invalid' }],
    });
  });

  test('is refused whole where it names a shop that the workspace has not', () => {
    expect(sortInventory(message([{ shop_id: '8', sku_id: '1', quantity: 1 }, { shop_id: '7', sku_id: '1', quantity: 1 }]), channels, 1_000)).toEqual({
      ok: false,
      code: 'not_found',
      reason: `The workspace ${key.workspace_id} has no shop 8; nothing of the message was taken.`,
    });
  });
});
