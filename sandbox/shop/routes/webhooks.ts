import { z } from 'zod';
import { isEventType } from '../webhooks/event-types.ts';
import { badRequest } from '../wire/answers.ts';
import type { Router } from '../wire/router.ts';
import type { World } from '../world.ts';

const MAX_ADDRESS = 255;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
const IP = /^(\d{1,3}(\.\d{1,3}){3}|\[.*\])$/;

const putSchema = z.object({ address: z.string(), event_type: z.string() });

/** Subscriptions, one address for each event of a shop. https://partner.tiktokshop.com/docv2/page/update-shop-webhook-202309 */
export function webhookRoutes(world: World, { add }: Router): void {
  const scopes = ['seller.authorization.info'] as const;
  add('GET', '/event/202309/webhooks', scopes, ({ shop, app_key }) => {
    const webhooks = [...shop.subscriptions].filter(([key]) => key.startsWith(`${app_key}|`)).map(([, each]) => ({
      event_type: each.event_type,
      address: each.address,
      create_time: Math.floor(each.create_ms / 1_000),
      update_time: Math.floor(each.update_ms / 1_000),
    }));
    return { total_count: webhooks.length, webhooks };
  });

  add('PUT', '/event/202309/webhooks', scopes, ({ shop, app_key, now, body }) => {
    const { address, event_type } = body(putSchema);
    demandEventType(event_type);
    demandAddress(address);
    const key = `${app_key}|${event_type}`;
    shop.subscriptions.set(key, { event_type, address, create_ms: shop.subscriptions.get(key)?.create_ms ?? now, update_ms: now });
    return {};
  });

  add('DELETE', '/event/202309/webhooks', scopes, ({ shop, app_key, body }) => {
    const { event_type } = body(putSchema.pick({ event_type: true }));
    demandEventType(event_type);
    shop.subscriptions.delete(`${app_key}|${event_type}`);
    return {};
  });
}

function demandEventType(eventType: string): void {
  if (!isEventType(eventType)) throw badRequest('param body.event_type is invalid.');
}

/** https, a domain name and no port; the sandbox makes an exception of loopback addresses. */
function demandAddress(address: string): void {
  const url = URL.canParse(address) ? new URL(address) : null;
  const isGood = url !== null && address.length <= MAX_ADDRESS && (LOOPBACK.has(url.hostname) ? /^https?:$/.test(url.protocol) : url.protocol === 'https:' && url.port === '' && !IP.test(url.hostname));
  if (!isGood) throw badRequest('param body.address is invalid: it must be an https URL of a domain name, without a port.');
}
