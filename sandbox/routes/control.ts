import type { Context } from 'hono';
import { Hono } from 'hono';
import { z } from 'zod';
import { completeEvent } from './complete-event.ts';
import { answerControlError, bodyOf, ControlError } from './control-input.ts';
import type { Load } from '../rooms/load.ts';
import { startLoad } from '../rooms/load.ts';
import type { Registry } from '../rooms/registry.ts';
import { roomState } from '../rooms/room-state.ts';
import type { Room } from '../rooms/room.ts';
import { settingsPatchSchema, signSchema } from '../rooms/settings.ts';
import {
  budgetSchema,
  dropSchema,
  eventsSchema,
  frameSchema,
  loadSchema,
  redeliverSchema,
  roomNameSchema,
  shortLinkSchema,
} from './control-schemas.ts';

/**
 * `/control/…`: what tests and people cause in TikTok's place. docs/sandbox.md describes it.
 * @param resetOthers what else `/control/reset` brings back to the start
 */
export function controlRoutes(registry: Registry, links: Map<string, string>, resetOthers: () => void): Hono {
  const app = new Hono();
  let loadNumber = 0;

  const room = (c: Context): Room => {
    const found = registry.byName(c.req.param('name') ?? '');
    if (!found) throw new ControlError(404, `There is no room "${c.req.param('name') ?? ''}": POST /control/rooms makes one.`);
    return found;
  };

  app.onError(answerControlError);

  app.get('/rooms', (c) => c.json({ rooms: registry.all().map(roomState) }));
  app.post('/rooms', async (c) => {
    const { name, ...settings } = z.looseObject({ name: roomNameSchema }).parse(await bodyOf(c));
    const isNew = !registry.byName(name);
    return c.json(roomState(registry.put(name, settings)), isNew ? 201 : 200);
  });
  app.get('/rooms/:name', (c) => c.json(roomState(room(c))));
  app.patch('/rooms/:name', async (c) => c.json(roomState(registry.put(room(c).name, settingsPatchSchema.parse(await bodyOf(c))))));
  app.delete('/rooms/:name', (c) => {
    return c.json({ removed: registry.remove(room(c).name) });
  });

  app.post('/rooms/:name/events', async (c) => {
    const target = room(c);
    const { events, events_per_frame } = eventsSchema.parse(await bodyOf(c));
    const published = target.publish(
      events.map((event) => completeEvent(target, event)),
      events_per_frame,
    );
    return c.json({
      events: published.map(({ msg_id, type, created_at_ms }) => ({ msg_id, type, created_at_ms })),
      connected: target.sockets.size,
    });
  });
  app.post('/rooms/:name/frames', async (c) => {
    const { frame_base64, text } = frameSchema.parse(await bodyOf(c));
    const bytes = Buffer.from(frame_base64, 'base64');
    const { sockets } = room(c);
    for (const socket of sockets) socket.writeRaw(text ? bytes.toString() : bytes);
    return c.json({ sockets: sockets.size });
  });
  app.post('/rooms/:name/redeliver', async (c) => {
    const target = room(c);
    const { frames, shuffle } = redeliverSchema.parse(await bodyOf(c));
    let sent = 0;
    for (const socket of target.sockets) sent += socket.redeliver(frames, shuffle ? target.random : undefined);
    return c.json({ frames: sent });
  });

  app.post('/rooms/:name/drop', async (c) => {
    const { code, reason } = dropSchema.parse(await bodyOf(c));
    return c.json({ dropped: room(c).dropAll(code, reason) });
  });
  const act = (path: string, run: (target: Room) => void): void => {
    app.post(`/rooms/:name/${path}`, (c) => {
      run(room(c));
      return c.json(roomState(room(c)));
    });
  };
  act('freeze', (target) => target.sockets.forEach((socket) => socket.freeze()));
  act('unfreeze', (target) => target.sockets.forEach((socket) => socket.thaw()));
  act('end', (target) => target.end('ended'));
  act('suspend', (target) => target.end('suspended'));
  act('offline', (target) => target.goOffline());
  act('online', (target) => target.goLive());

  app.put('/rooms/:name/sign', async (c) => {
    const target = room(c);
    target.settings = { ...target.settings, sign: signSchema.parse(await bodyOf(c)) };
    target.signScript.restart();
    return c.json(target.settings.sign);
  });
  app.get('/sign', (c) => c.json({ budget: registry.sign.budget, used: registry.sign.used, calls: registry.sign.calls }));
  app.put('/sign', async (c) => {
    const { limit, window_s, api_keys } = budgetSchema.parse(await bodyOf(c));
    const { budget } = registry.sign;
    registry.sign.budget = {
      limit: limit ?? budget.limit,
      window_s: window_s ?? budget.window_s,
      api_keys: api_keys === undefined ? budget.api_keys : api_keys,
    };
    return c.json({ budget: registry.sign.budget });
  });

  app.post('/rooms/:name/load', async (c) => {
    const target = room(c);
    const options = loadSchema.parse(await bodyOf(c));
    if (target.load?.state().running) throw new ControlError(409, 'A load runs in this room: DELETE it first.');
    if (target.status !== 'live') throw new ControlError(409, 'The room is not live.');
    loadNumber += 1;
    target.load = startLoad(target, `load-${loadNumber}`, options);
    return c.json(target.load.state(), 201);
  });
  const load = (c: Context): Load => {
    const found = room(c).load;
    if (!found) throw new ControlError(404, 'No load was started in this room.');
    return found;
  };
  app.get('/rooms/:name/load', (c) => c.json(load(c).state()));
  app.delete('/rooms/:name/load', (c) => {
    load(c).stop();
    return c.json(load(c).state());
  });

  app.put('/short-links/:code', async (c) => {
    const { location } = shortLinkSchema.parse(await bodyOf(c));
    links.set(c.req.param('code'), location);
    return c.json({ code: c.req.param('code'), location });
  });
  app.post('/reset', (c) => {
    links.clear();
    registry.reset();
    resetOthers();
    return c.json({ rooms: registry.all().map(({ name }) => name) });
  });
  return app;
}
