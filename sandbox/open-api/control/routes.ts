import { Hono } from 'hono';
import { answerControlError, bodyOf } from '../../routes/control-input.ts';
import { faultSchema } from '../state/faults.ts';
import { settingsPatchSchema } from '../state/settings-schema.ts';
import type { World } from '../world.ts';
import { accountControl } from './accounts.ts';
import { postControl } from './posts.ts';
import { clockSchema } from './schemas.ts';
import { webhookControl } from './webhooks.ts';

/** `/control/open-api/…`: what tests and people cause in TikTok's place. docs/sandbox.md describes it. */
export function openApiControlRoutes(world: World): Hono {
  const app = new Hono();
  app.onError(answerControlError);

  app.get('/settings', (c) => c.json(world.settings.current));
  app.patch('/settings', async (c) => {
    const settings = world.settings.patch(settingsPatchSchema.parse(await bodyOf(c)));
    if (!settings.webhooks.paused) world.webhooks.resume();
    return c.json(settings);
  });

  const clockState = () => ({ now_ms: world.clock.now(), offset_ms: world.clock.offsetMs });
  app.get('/clock', (c) => c.json(clockState()));
  app.post('/clock', async (c) => {
    const { offset_ms, advance_ms = 0 } = clockSchema.parse(await bodyOf(c));
    world.clock.setOffset(offset_ms ?? world.clock.offsetMs + advance_ms);
    return c.json(clockState());
  });

  app.get('/faults', (c) => c.json({ faults: world.faults.all() }));
  app.post('/faults', async (c) => c.json(world.faults.add(faultSchema.parse(await bodyOf(c))), 201));
  app.delete('/faults', (c) => {
    world.faults.reset();
    return c.json({ faults: [] });
  });

  app.get('/counts', (c) => {
    const posts = world.posts.all().length;
    return c.json({ ...world.journal.total(), posts, videos: world.videos.count(), accounts: world.journal.byAccount() });
  });
  app.get('/calls', (c) => {
    const { path, username } = c.req.query();
    return c.json({ calls: world.journal.calls().filter((call) => (!path || call.path === path) && (!username || call.username === username)) });
  });

  app.post('/reset', (c) => {
    world.reset();
    return c.json({ accounts: world.accounts.all().map(({ username }) => username) });
  });

  for (const part of [accountControl, postControl, webhookControl]) app.route('/', part(world));
  return app;
}
