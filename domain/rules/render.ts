import type { Json, NotificationConfig, RuleAction, RuleEvent, ShopInventoryConfig } from '../contracts/rule.ts';
import type { EventFields } from './field.ts';
import { encodeUrlPart } from './filters.ts';
import { compileTemplate, type ValueEncoder } from './template.ts';

type Renderer = (event: EventFields) => RuleAction;
type TextRenderer = (event: EventFields) => string;
type JsonRenderer = (event: EventFields) => Json;

/** Actions live as long as the rule version they belong to; so do their compiled templates. */
const compiled = new WeakMap<RuleAction, Renderer>();

/**
 * Fills an event into every text of an action's config. Taken literally: device_id, method, channel, the names of headers,
 * params and body fields, and all numbers. Values in a URL are percent-encoded, line breaks are taken out of what goes
 * into headers, and a body or params value that is one expression keeps its type.
 */
export function renderAction(action: RuleAction, event: RuleEvent): RuleAction {
  let render = compiled.get(action);
  if (!render) compiled.set(action, (render = compileAction(action)));
  return render(event as unknown as EventFields);
}

function compileAction(action: RuleAction): Renderer {
  switch (action.action_type) {
    case 'device_control': {
      const { command, params, restore } = action.config;
      const toCommand = asText(command);
      const toParams = params === undefined ? null : asJson(params);
      const toRestore = restore === undefined ? null : asText(restore.command);
      return (event) => ({
        ...action,
        config: {
          ...action.config,
          command: toCommand(event),
          ...(toParams && { params: toParams(event) as { [key: string]: Json } }),
          ...(restore && toRestore && { restore: { ...restore, command: toRestore(event) } }),
        },
      });
    }
    case 'webhook': {
      const { url, headers, body } = action.config;
      const toUrl = asUrl(url);
      const toHeaders = Object.entries(headers ?? {}).map(([name, value]) => [name, asLine(value)] as const);
      const toBody = body === undefined ? null : asJson(body);
      return (event) => ({
        ...action,
        config: {
          ...action.config,
          url: toUrl(event),
          ...(headers && { headers: Object.fromEntries(toHeaders.map(([name, toValue]) => [name, toValue(event)])) }),
          ...(toBody && { body: toBody(event) }),
        },
      });
    }
    case 'notification': {
      const toConfig = compileNotification(action.config);
      return (event) => ({ ...action, config: toConfig(event) });
    }
    case 'log': {
      const toMessage = asText(action.config.message);
      return (event) => ({ ...action, config: { ...action.config, message: toMessage(event) } });
    }
    case 'shop_inventory': {
      const toConfig = compileInventory(action.config);
      return (event) => ({ ...action, config: toConfig(event) });
    }
  }
}

function compileInventory(config: ShopInventoryConfig): (event: EventFields) => ShopInventoryConfig {
  const { sku_id, seller_sku, quantity } = config;
  const toSku = sku_id === undefined ? null : asLine(sku_id);
  const toSellerSku = seller_sku === undefined ? null : asLine(seller_sku);
  const toQuantity = typeof quantity === 'string' ? asText(quantity) : () => quantity;
  return (event) => ({
    ...config,
    ...(toSku && { sku_id: toSku(event) }),
    ...(toSellerSku && { seller_sku: toSellerSku(event) }),
    quantity: toQuantity(event),
  });
}

function compileNotification(config: NotificationConfig): (event: EventFields) => NotificationConfig {
  const toMessage = asText(config.message);
  switch (config.channel) {
    case 'in_app':
      return (event) => ({ ...config, message: toMessage(event) });
    case 'email': {
      const to = asLine(config.to);
      const toSubject = config.subject === undefined ? null : asLine(config.subject);
      return (event) => ({ ...config, to: to(event), ...(toSubject && { subject: toSubject(event) }), message: toMessage(event) });
    }
    case 'slack':
    case 'discord': {
      const toUrl = asUrl(config.url);
      return (event) => ({ ...config, url: toUrl(event), message: toMessage(event) });
    }
    case 'telegram': {
      const toUrl = asUrl(config.url);
      const toChat = asLine(config.chat_id);
      return (event) => ({ ...config, url: toUrl(event), chat_id: toChat(event), message: toMessage(event) });
    }
  }
}

function asText(source: string): TextRenderer {
  const template = compileTemplate(source);
  return template.hasExpressions ? (event) => template.text(event) : () => source;
}

/** One line: a viewer's name must not begin a header or an address of its own. */
function asLine(source: string): TextRenderer {
  const render = asText(source);
  return (event) => Array.from(render(event), (character) => (isControl(character) ? ' ' : character)).join('');
}

const isControl = (character: string): boolean => character < ' ' || character === '\u007f';

/** What viewers write can't leave its place in a URL: only a value that begins it, or was encoded by a filter, goes in as it is. */
const inUrl: ValueEncoder = (text, { urlEncoded, leads }) => (urlEncoded || leads ? text : encodeUrlPart(text));

function asUrl(source: string): TextRenderer {
  const template = compileTemplate(source);
  return template.hasExpressions ? (event) => template.text(event, inUrl) : () => source;
}

function asJson(source: Json): JsonRenderer {
  if (typeof source === 'string') {
    const template = compileTemplate(source);
    return template.hasExpressions ? (event) => template.value(event) as Json : () => source;
  }
  if (Array.isArray(source)) {
    const items = source.map(asJson);
    return (event) => items.map((item) => item(event));
  }
  if (typeof source === 'object' && source !== null) {
    const entries = Object.entries(source).map(([key, value]) => [key, asJson(value)] as const);
    return (event) => Object.fromEntries(entries.map(([key, value]) => [key, value(event)]));
  }
  return () => source;
}
