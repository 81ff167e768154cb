import { z } from 'zod';
import type { Json } from '../contracts/rule.ts';
import { STOCK_BASES, STOCK_LIMITS } from '../contracts/shop-job.ts';
import { headersSchema } from '../devices.ts';
import { jsonFaults } from './json-template.ts';
import { RULE_LIMITS } from './limits.ts';
import { compileTemplate, parseTemplate } from './template.ts';
import { numberOf } from './value.ts';

type Check<T> = (value: T) => string | null;

/** A text with expressions, checked for length before it is parsed. */
const templateText = (max: number, check: Check<string> = () => null) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(max, { error: `must not be longer than ${max.toLocaleString('en')} characters`, abort: true })
    .superRefine((text, context) => {
      const parsed = parseTemplate(text);
      const fault = parsed.ok ? check(text) : parsed.fault;
      if (fault !== null) context.addIssue({ code: 'custom', message: fault });
    });

const message = templateText(RULE_LIMITS.template_length);
const command = templateText(RULE_LIMITS.command_length);
const url = templateText(RULE_LIMITS.url_length, urlFault);
const order = z.int().min(0).max(1_000_000).optional();

const jsonTemplate = z
  .unknown()
  .superRefine((value, context) => {
    for (const { path, message: fault } of jsonFaults(value)) context.addIssue({ code: 'custom', path, message: fault });
  })
  .transform((value) => value as Json);

const params = z
  .record(z.string(), z.unknown())
  .superRefine((value, context) => {
    for (const { path, message: fault } of jsonFaults(value)) context.addIssue({ code: 'custom', path, message: fault });
  })
  .transform((value) => value as { [key: string]: Json });

const headers = headersSchema.superRefine((values, context) => {
  for (const [name, value] of Object.entries(values)) {
    const parsed = parseTemplate(value);
    if (!parsed.ok) context.addIssue({ code: 'custom', path: [name], message: parsed.fault });
  }
});

const deviceControl = z.strictObject({
  device_id: z.guid('must be the id of a device'),
  command,
  params: params.optional(),
  restore: z
    .strictObject({ command, after_ms: z.int().min(RULE_LIMITS.restore_after_min_ms).max(RULE_LIMITS.restore_after_max_ms) })
    .optional(),
});

const webhook = z
  .strictObject({
    url,
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
    headers: headers.optional(),
    body: jsonTemplate.optional(),
    timeout_ms: z.int().min(RULE_LIMITS.webhook_timeout_min_ms).max(RULE_LIMITS.webhook_timeout_max_ms).optional(),
  })
  .superRefine((config, context) => {
    if (config.method === 'GET' && config.body !== undefined) {
      context.addIssue({ code: 'custom', path: ['body'], message: 'must be left out: a GET carries none' });
    }
  });

const notification = z.discriminatedUnion('channel', [
  z.strictObject({ channel: z.literal('in_app'), message }),
  z.strictObject({
    channel: z.literal('email'),
    to: templateText(RULE_LIMITS.value_length, addressFault),
    subject: templateText(RULE_LIMITS.value_length).optional(),
    message,
  }),
  z.strictObject({ channel: z.enum(['slack', 'discord']), url, message }),
  z.strictObject({ channel: z.literal('telegram'), url, chat_id: templateText(RULE_LIMITS.value_length), message }),
]);

const units = z.int().min(STOCK_LIMITS.min).max(STOCK_LIMITS.max);
const quantity = z.union([units, templateText(RULE_LIMITS.value_length, unitsFault)], `must be ${STOCK_LIMITS.min} to ${STOCK_LIMITS.max.toLocaleString('en')}, or a template that gives that`);

const shopInventory = z
  .strictObject({
    channel_id: z.guid('must be the id of a channel'),
    sku_id: templateText(RULE_LIMITS.value_length).optional(),
    seller_sku: templateText(RULE_LIMITS.value_length).optional(),
    quantity,
    basis: z.enum(STOCK_BASES).optional(),
  })
  .superRefine(({ sku_id, seller_sku }, context) => {
    if ((sku_id === undefined) === (seller_sku === undefined)) context.addIssue({ code: 'custom', path: ['sku_id'], message: 'must be given, or seller_sku in its place' });
  });

/** One action; `order` defaults to its place in the list. */
export const actionSchema = z.discriminatedUnion('action_type', [
  z.object({ action_type: z.literal('device_control'), order, config: deviceControl }),
  z.object({ action_type: z.literal('webhook'), order, config: webhook }),
  z.object({ action_type: z.literal('notification'), order, config: notification }),
  z.object({ action_type: z.literal('log'), order, config: z.strictObject({ message }) }),
  z.object({ action_type: z.literal('shop_inventory'), order, config: shopInventory }),
]);

/** A URL that begins with an expression is known only when it is rendered; the sender checks it then. */
function urlFault(source: string): string | null {
  if (source.startsWith('{{')) return null;
  if (!/^https?:\/\//i.test(source)) return 'must begin with http://, https:// or an expression';
  const filled = compileTemplate(source).text({}, () => '1');
  if (!URL.canParse(filled)) return 'is not a URL';
  const { username, password } = new URL(filled);
  return username === '' && password === '' ? null : 'must not hold a user or password: send them in a header';
}

/** A text without an expression is known already. */
function unitsFault(source: string): string | null {
  return compileTemplate(source).hasExpressions || units.safeParse(numberOf(source)).success ? null : 'is not a number of units that TikTok takes';
}

function addressFault(source: string): string | null {
  return compileTemplate(source).hasExpressions || z.email().safeParse(source).success ? null : 'is not an e-mail address';
}
