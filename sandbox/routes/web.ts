import type { Context } from 'hono';
import { Hono } from 'hono';
import type { Registry } from '../rooms/registry.ts';
import type { Room } from '../rooms/room.ts';
import { observe } from './observe.ts';

/** TikTok's code for a user that it does not know. */
const USER_NOT_FOUND = 19_881_007;
const VISITOR_COOKIE = 'ttwid=1%7Csandbox; Path=/; HttpOnly';

/** www.tiktok.com: the page of a LIVE, and the API that the page asks. */
export function webRoutes(registry: Registry): Hono {
  const app = new Hono();

  app.get('/:handle{@[^/]+}/live', (c) => {
    const room = registry.byName(c.req.param('handle').slice(1));
    if (!room) return c.html('<!DOCTYPE html><html><body>Couldn’t find this account</body></html>', 404);
    return answer(c, room, 'html', () => c.html(livePage(room), 200, { 'set-cookie': VISITOR_COOKIE }), {
      not_found: () => c.html('<!DOCTYPE html><html><body>Couldn’t find this account</body></html>', 404),
      blocked: () => c.html('<!DOCTYPE html><html><body><div id="captcha-verify">Verify to continue</div></body></html>'),
      unavailable: () => c.html('<html><body>503 Service Unavailable</body></html>', 503),
    });
  });

  app.get('/api-live/user/room', (c) => apiLive(c, registry));
  app.get('/api-live/user/room/', (c) => apiLive(c, registry));
  return app;
}

function apiLive(c: Context, registry: Registry): Response | Promise<Response> {
  const room = registry.byName((c.req.query('uniqueId') ?? '').replace(/^@/, ''));
  const notFound = (): Response => c.json({ statusCode: USER_NOT_FOUND, message: 'user_not_found', data: {} });
  if (!room) return notFound();
  return answer(c, room, 'api_live', () => c.json({ statusCode: 0, message: '', data: liveRoomUserInfo(room) }), {
    not_found: notFound,
    blocked: () => c.text('', 403),
    unavailable: () => c.text('Service Unavailable', 503),
  });
}

type Failures = Record<'not_found' | 'blocked' | 'unavailable', () => Response | Promise<Response>>;

async function answer(
  c: Context,
  room: Room,
  lookup: 'html' | 'api_live',
  ok: () => Response | Promise<Response>,
  failures: Failures,
): Promise<Response> {
  room.life.asked();
  const outcome = room.settings.lookups[lookup];
  const response = await (outcome === 'ok' ? ok() : failures[outcome]());
  observe(room, lookup, c, response.status);
  return response;
}

/** 2 is live, 4 is over: all that is known of TikTok's statuses. */
export const wireStatus = (room: Room): number => (room.status === 'live' ? 2 : 4);

function liveRoomUserInfo(room: Room): object {
  const { owner, figures } = room;
  return {
    user: {
      id: owner.user_id,
      uniqueId: room.name,
      nickname: owner.nickname,
      avatarLarger: owner.avatar_url,
      avatarThumb: owner.avatar_url,
      secUid: `MS4wLjABAAAA${owner.user_id}`,
      signature: '',
      verified: false,
      roomId: room.roomId,
      status: wireStatus(room),
    },
    stats: { followingCount: 12, followerCount: figures.followers },
    liveRoom: {
      title: room.settings.title,
      coverUrl: '',
      startTime: Math.floor(room.liveSince / 1_000),
      status: wireStatus(room),
      liveRoomMode: 0,
      liveRoomStats: { enterCount: figures.total_viewers, userCount: room.status === 'live' ? figures.viewers : 0 },
    },
  };
}

function livePage(room: Room): string {
  const state = { LiveRoom: { loadingState: { getRecommendLive: 0, getUserInfo: 0 }, liveRoomUserInfo: liveRoomUserInfo(room) } };
  // A title may hold "</script>": as TikTok does, < is written as an escape.
  const json = JSON.stringify(state).replaceAll('<', '\\u003c');
  return `<!DOCTYPE html><html lang="en"><head><title>TikTok LIVE</title></head><body><div id="app"></div>
<script id="SIGI_STATE" type="application/json">${json}</script>
</body></html>`;
}
