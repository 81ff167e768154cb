import { Hono } from 'hono';
import { answerControlError, bodyOf } from '../routes/control-input.ts';
import { deviceSchema, faultSchema } from './faults.ts';
import type { FcmWorld } from './world.ts';

/** `/control/fcm/…`: what tests and people cause in the place of Google and of devices, and what was pushed. docs/sandbox.md describes it. */
export function fcmControl(world: FcmWorld): Hono {
  const app = new Hono();
  app.onError(answerControlError);

  /** As Google's console gives it: for GOOGLE_SERVICE_ACCOUNT. */
  app.get('/service-account', (c) => {
    const { key: _key, ...account } = world.account;
    return c.json({ type: 'service_account', project_id: 'showrunner-sandbox', ...account, token_uri: new URL('/fcm/token', c.req.url).href });
  });

  app.get('/messages', (c) => {
    const token = c.req.query('device_token');
    return c.json({ messages: world.taken.filter(({ message }) => token === undefined || message.token === token), calls: world.calls, minted: world.minted });
  });

  app.get('/faults', (c) => c.json({ faults: world.faults.all() }));
  app.post('/faults', async (c) => c.json(world.faults.add(faultSchema.parse(await bodyOf(c))), 201));
  app.delete('/faults', (c) => {
    world.faults.reset();
    return c.json({ faults: [] });
  });

  app.put('/devices/:token', async (c) => {
    const { state } = deviceSchema.parse(await bodyOf(c));
    if (state === 'good') world.devices.delete(c.req.param('token'));
    else world.devices.set(c.req.param('token'), state);
    return c.json({ device_token: c.req.param('token'), state });
  });

  /** All access tokens end now. */
  app.post('/tokens/expire', (c) => {
    const expired = world.tokens.size;
    world.tokens.clear();
    return c.json({ expired });
  });
  app.post('/reset', (c) => {
    world.reset();
    return c.json({});
  });
  return app;
}
