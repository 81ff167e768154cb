import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from 'hono';
import { Hono } from 'hono';
import { BROKEN_FIELD } from '../push/malformed.ts';
import { firstAnswer } from '../rooms/first-answer.ts';
import type { Registry } from '../rooms/registry.ts';
import type { Room } from '../rooms/room.ts';
import { hasSession, observe } from './observe.ts';

export const PUSH_PATH = '/webcast/im/ws_proxy/ws_reuse_supplement/';

type Refusal = { status: 401 | 402 | 403 | 404 | 429 | 500; message: string; headers?: Record<string, string>; more?: object };

/** Euler Stream: finds room ids, signs URLs, and fetches the first answer of a room with its push server. */
export function signRoutes(registry: Registry): Hono {
  const app = new Hono();

  app.get('/webcast/anchors/:name/room_id', (c) => {
    const room = registry.byName(c.req.param('name'));
    const outcome = room?.settings.lookups.euler ?? 'not_found';
    if (room) observe(room, 'euler_room_id', c, outcome === 'ok' ? 200 : 404);
    if (outcome === 'unavailable') return c.json({ code: 500, ok: false, message: 'Internal server error, try again later' }, 500);
    if (outcome === 'blocked') return c.json({ code: 403, ok: false, message: 'You lack the permission for this endpoint' }, 403);
    if (!room || outcome !== 'ok') return c.json({ code: 404, ok: false, message: 'The user could not be found, or is not live' }, 404);
    room.life.asked();
    return c.json({ code: 200, ok: true, room_id: room.roomId, is_live: room.status === 'live' });
  });

  app.post('/tiktok/sign_url', async (c) => {
    const body: unknown = await c.req.json().catch(() => null);
    const url = typeof body === 'object' && body !== null && 'url' in body ? String(body.url) : '';
    if (!URL.canParse(url)) return c.json({ code: 400, message: 'A valid url must be given in the body' }, 400);
    const signed = new URL(url);
    signed.searchParams.set('X-Bogus', 'sandbox');
    return c.json({
      code: 200,
      response: { signedUrl: signed.href, userAgent: c.req.header('user-agent') ?? '', tokens: { 'X-Bogus': 'sandbox' } },
    });
  });

  app.get('/webcast/rooms/:roomId/connect', async (c) => {
    const room = registry.byRoomId(c.req.param('roomId'));
    if (!room) return c.json({ code: 404, message: 'No room is known under this id' }, 404);
    const allowance = registry.sign.spend();
    const limits = {
      'x-ratelimit-limit': String(allowance.limit),
      'x-ratelimit-remaining': String(allowance.remaining),
      'x-ratelimit-reset': String(allowance.resetAt),
      'x-request-id': String(registry.ids.next()),
    };
    const mode = allowance.allowed ? room.signScript.next(room.settings.sign) : 'rate_limited';
    if (room.settings.sign.slow_ms > 0) await delay(room.settings.sign.slow_ms);
    const retryAfterS = allowance.allowed ? room.settings.sign.retry_after_s : allowance.retryAfterS;
    const refusal = refusalOf(mode, retryAfterS, c, registry, room);
    registry.sign.record({ at_ms: registry.now(), room: room.name, status: refusal?.status ?? 200 });
    observe(room, 'sign', c, refusal?.status ?? 200);
    if (refusal) {
      const { status, message, headers, more } = refusal;
      return c.json({ code: status, message, ...more }, status, { ...limits, ...headers });
    }
    const headers: Record<string, string> = { ...limits, 'content-type': 'application/protobuf', 'x-room-id': c.req.param('roomId') };
    if (mode !== 'empty_cookies') headers['x-set-tt-cookie'] = `ttwid=sandbox-${room.name}; Path=/; Domain=tiktok.com`;
    if (mode === 'html') return c.html('<html><body>Checking your browser…</body></html>');
    if (mode === 'malformed') return c.body(BROKEN_FIELD, 200, headers);
    const pushServer = `ws://${c.req.header('host') ?? ''}${PUSH_PATH}`;
    const answer = firstAnswer(room, {
      roomId: c.req.param('roomId'),
      cursor: c.req.query('cursor'),
      pushServer,
      withoutCursor: mode === 'no_cursor',
    });
    return c.body(answer, 200, headers);
  });
  return app;
}

function refusalOf(mode: string, retryAfterS: number, c: Context, registry: Registry, room: Room): Refusal | null {
  const keys = registry.sign.budget.api_keys;
  const key = c.req.header('x-api-key') ?? c.req.query('apiKey') ?? '';
  if (mode === 'unauthorized' || (keys !== null && !keys.includes(key)))
    return { status: 401, message: 'The API key is missing or not valid' };
  if (mode === 'payment_required') return { status: 402, message: 'This needs a paid plan, see the pricing page' };
  if (mode === 'failing') return { status: 500, message: 'Internal server error, try again later' };
  if (mode === 'rate_limited') {
    return {
      status: 429,
      message: 'Too many connections started, try again later',
      more: { limit_label: 'minute' },
      headers: {
        'retry-after': String(retryAfterS),
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Math.ceil(registry.now() / 1_000) + retryAfterS),
        'x-log-id': String(registry.ids.next()),
      },
    };
  }
  const session =
    c.req.header('x-oauth-token') !== undefined || Boolean(c.req.query('session_id')) || hasSession(c.req.header('x-cookie-header'));
  if (room.settings.age_restricted && !session) {
    return { status: 403, message: 'This LIVE is age-restricted: a session cookie of a signed-in adult is needed' };
  }
  return null;
}
