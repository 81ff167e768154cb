import { Hono } from 'hono';
import { GIFTS } from '../catalogue/gifts.ts';
import type { Registry } from '../rooms/registry.ts';
import type { Room } from '../rooms/room.ts';
import { hasSession, observe } from './observe.ts';
import { wireStatus } from './web.ts';

/** TikTok's codes: the room is for signed-in adults; the request makes no sense. */
const AGE_RESTRICTED = 4_003_110;
const REQUEST_PARAMS_ERROR = 10_011;

/** webcast.tiktok.com: what is known of a room by its id. */
export function webcastRoutes(registry: Registry): Hono {
  const app = new Hono();

  app.get('/webcast/room/info/', (c) => {
    const refused = (code: number, words: string, status: 200 | 503 = 200): Response =>
      c.json({ data: { message: words, prompts: words }, extra: { now: registry.now() }, status_code: code }, status);
    const roomId = c.req.query('room_id') ?? '';
    const room = registry.byRoomId(roomId);
    if (!room) return refused(REQUEST_PARAMS_ERROR, 'Request params error');
    room.life.asked();
    const respond = (): Response => {
      const outcome = room.settings.lookups.room_info;
      if (outcome === 'unavailable') return refused(500, 'Internal error', 503);
      if (outcome !== 'ok') return refused(REQUEST_PARAMS_ERROR, 'Request params error');
      if (room.settings.age_restricted && !hasSession(c.req.header('cookie'))) return refused(AGE_RESTRICTED, '');
      return c.json({ data: roomInfo(room, roomId), extra: { now: registry.now() }, status_code: 0 });
    };
    const response = respond();
    observe(room, 'room_info', c, response.status);
    return response;
  });

  app.get('/webcast/gift/list/', (c) => c.json({ data: { gifts: GIFTS.map(giftEntry) }, extra: { now: registry.now() }, status_code: 0 }));
  return app;
}

function roomInfo(room: Room, roomId: string): object {
  const { owner, figures } = room;
  // An id of an earlier LIVE of this user names a room that is over.
  const over = roomId !== room.roomId;
  return {
    id: Number(roomId),
    id_str: roomId,
    status: over ? 4 : wireStatus(room),
    title: room.settings.title,
    create_time: Math.floor(room.liveSince / 1_000),
    user_count: figures.viewers,
    like_count: figures.likes,
    share_url: `https://www.tiktok.com/@${room.name}/live`,
    stats: { total_user: figures.total_viewers, follow_count: 0, share_count: figures.shares },
    owner: {
      id_str: owner.user_id,
      display_id: room.name,
      nickname: owner.nickname,
      avatar_thumb: { url_list: owner.avatar_url ? [owner.avatar_url] : [] },
      follow_info: { follower_count: figures.followers, following_count: 12 },
    },
    age_restricted: { AgeInterval: 0, restricted: room.settings.age_restricted, source: 0 },
  };
}

const giftEntry = (gift: (typeof GIFTS)[number]): object => ({
  id: Number(gift.gift_id),
  name: gift.gift_name,
  diamond_count: gift.diamond_count,
  type: gift.streakable ? 1 : 2,
  combo: gift.streakable,
});
