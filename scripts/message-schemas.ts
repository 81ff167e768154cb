import { z } from 'zod';
import { inventoryMessageSchema } from '../domain/shop/message-inventory.ts';
import { orderMessageSchema, productMessageSchema } from '../domain/shop/message-schema.ts';

const SCHEMAS = { order: orderMessageSchema, product: productMessageSchema, inventory: inventoryMessageSchema } as const;

/** docs/messages/<name>.schema.json by file name, as the code has them. */
export const messageSchemas = (): { [file: string]: string } =>
  Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [`${name}.schema.json`, `${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), null, 2)}\n`]));
