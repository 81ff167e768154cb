import type { Context } from 'hono';
import type { Room } from '../rooms/room.ts';

/** Notes a request with the cookies that it carried, wherever the client put them. */
export function observe(room: Room, route: string, c: Context, status: number): void {
  room.observations.sawRequest({
    at_ms: room.now(),
    route,
    status,
    cookie: c.req.header('cookie') ?? null,
    query: c.req.query(),
    headers: c.req.header(),
  });
}

/** TikTok counts as signed in who brings a session id, in whichever of its cookies. */
export const hasSession = (cookies: string | undefined): boolean =>
  /(?:^|;\s*)(?:sessionid|sessionid_ss|sid_tt)=[^;\s]+/.test(cookies ?? '');
