import type { Context } from 'hono';
import { Hono } from 'hono';
import { bodyOf, ControlError } from '../../routes/control-input.ts';
import { pairBody } from '../routes/oauth.ts';
import { accountPatchSchema, accountSchema, type Account } from '../state/accounts.ts';
import { SCOPES } from '../state/settings-schema.ts';
import type { World } from '../world.ts';
import { disconnectSchema, expireSchema, grantSchema, nextPostSchema } from './schemas.ts';
import { accountState } from './views.ts';

/** @throws ControlError */
export function accountNamed(world: World, username: string): Account {
  const account = world.accounts.byName(username);
  if (!account) throw new ControlError(404, `There is no account "${username}": POST /control/open-api/accounts makes one.`);
  return account;
}

/** Creators, their tokens, and what comes of their next posts. */
export function accountControl(world: World): Hono {
  const app = new Hono();
  const account = (c: Context): Account => accountNamed(world, c.req.param('username') ?? '');

  app.get('/accounts', (c) => c.json({ accounts: world.accounts.all().map((each) => accountState(world, each)) }));
  app.post('/accounts', async (c) => {
    const { username, ...patch } = accountSchema.parse(await bodyOf(c));
    const isNew = !world.accounts.byName(username);
    return c.json(accountState(world, world.accounts.put(username, patch)), isNew ? 201 : 200);
  });
  app.get('/accounts/:username', (c) => c.json(accountState(world, account(c))));
  app.patch('/accounts/:username', async (c) => {
    const patch = accountPatchSchema.partial().parse(await bodyOf(c));
    return c.json(accountState(world, world.accounts.put(account(c).username, patch)));
  });

  app.post('/accounts/:username/grant', async (c) => {
    const { scopes = SCOPES } = grantSchema.parse(await bodyOf(c));
    return c.json(pairBody(world.grants.issue(account(c), scopes), world.clock.now()), 201);
  });
  app.post('/accounts/:username/expire', async (c) => {
    const { which } = expireSchema.parse(await bodyOf(c));
    const target = account(c);
    return c.json({
      access_tokens: which === 'refresh' ? 0 : world.grants.expire(target, 'access'),
      refresh_tokens: which === 'access' ? 0 : world.grants.expire(target, 'refresh'),
    });
  });
  app.post('/accounts/:username/disconnect', async (c) => {
    const { reason } = disconnectSchema.parse(await bodyOf(c));
    return c.json({ had_consent: world.life.disconnect(account(c), reason) });
  });
  app.post('/accounts/:username/next-post', async (c) => {
    const { times, ...order } = nextPostSchema.parse(await bodyOf(c));
    world.orders.add(account(c), { ...order, moderation_ms: order.moderation_ms }, times);
    return c.json({ ...order, times }, 201);
  });
  return app;
}
