import type { MiddlewareHandler } from 'hono';

/** What may be sent by POST, told to whoever asks by OPTIONS: RFC 9725, 4.2. Stands before CORS, which answers OPTIONS by itself. */
export const acceptPost: MiddlewareHandler = async (c, next) => {
  await next();
  if (c.req.method === 'OPTIONS' && /^\/(whip|whep)(\/|$)/.test(c.req.path)) c.header('Accept-Post', 'application/sdp');
};
