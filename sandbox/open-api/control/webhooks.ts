import { Hono } from 'hono';
import { bodyOf, ControlError } from '../../routes/control-input.ts';
import type { World } from '../world.ts';
import { accountNamed } from './accounts.ts';
import { sendWebhookSchema } from './schemas.ts';

/** What was sent to the callback URL, and sending more of it. */
export function webhookControl(world: World): Hono {
  const app = new Hono();
  app.get('/webhooks', (c) => {
    const { username, event } = c.req.query();
    const fits = world.webhooks.deliveries().filter((delivery) => (!username || delivery.username === username) && (!event || delivery.event === event));
    return c.json({ deliveries: fits });
  });
  app.post('/webhooks', async (c) => {
    const { event, username, content } = sendWebhookSchema.parse(await bodyOf(c));
    return c.json(world.webhooks.send(event, accountNamed(world, username), content), 201);
  });
  app.post('/webhooks/:id/again', (c) => {
    const delivery = world.webhooks.again(Number(c.req.param('id')));
    if (!delivery) throw new ControlError(404, `There is no delivery "${c.req.param('id')}".`);
    return c.json(delivery);
  });
  return app;
}
