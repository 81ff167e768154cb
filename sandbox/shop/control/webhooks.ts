import { Hono } from 'hono';
import { bodyOf, ControlError } from '../../routes/control-input.ts';
import { EVENT_TYPES, isEventType } from '../webhooks/event-types.ts';
import type { World } from '../world.ts';
import { shopNamed } from './find.ts';
import { sendWebhookSchema } from './schemas.ts';

const MAX_SHOWN = 5_000;

/** What was sent to the apps, what became of it, and sending more. */
export function webhookControl(world: World): Hono {
  const app = new Hono();
  app.get('/webhooks', (c) => {
    const { shop_id, type, state } = c.req.query();
    const fits = world.webhooks.deliveries().filter((each) => (!shop_id || each.shop_id === shop_id) && (!type || String(each.type) === type) && (!state || each.state === state));
    const by_state: Record<string, number> = {};
    for (const each of fits) by_state[each.state] = (by_state[each.state] ?? 0) + 1;
    return c.json({ total: fits.length, by_state, deliveries: fits.slice(-MAX_SHOWN) });
  });
  app.post('/webhooks', async (c) => {
    const { shop_id, type, data } = sendWebhookSchema.parse(await bodyOf(c));
    const number = typeof type === 'number' ? type : isEventType(type) ? EVENT_TYPES[type] : 0;
    return c.json({ deliveries: world.webhooks.send(number, shopNamed(world, shop_id), data) }, 201);
  });
  app.post('/webhooks/:id/again', (c) => {
    const delivery = world.webhooks.again(Number(c.req.param('id')));
    if (!delivery) throw new ControlError(404, `There is no delivery "${c.req.param('id')}".`);
    return c.json(delivery);
  });
  return app;
}
