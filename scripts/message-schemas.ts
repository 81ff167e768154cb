import { z } from 'zod';
import { inventoryMessageSchema } from '../domain/shop/message-inventory.ts';
import { orderMessageSchema, productMessageSchema } from '../domain/shop/message-schema.ts';

const SCHEMAS = {
  order: { schema: orderMessageSchema, ours: true },
  product: { schema: productMessageSchema, ours: true },
  inventory: { schema: inventoryMessageSchema, ours: false },
} as const;

/** docs/messages/<name>.schema.json by file name, as the code has them. */
export const messageSchemas = (): { [file: string]: string } =>
  Object.fromEntries(Object.entries(SCHEMAS).map(([name, { schema, ours }]) => [`${name}.schema.json`, `${JSON.stringify(toJsonSchema(schema, ours), null, 2)}\n`]));

const toJsonSchema = (schema: z.ZodType, ours: boolean) =>
  z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // Zod's own spelling of what the format says already.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      // Fields may be added to what we send; a receiver that checks must not refuse them. What we take has no others.
      if (ours) delete jsonSchema.additionalProperties;
    },
  });
