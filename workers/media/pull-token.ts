import { sign } from 'hono/jwt';
import { TOKEN_ISSUERS } from '../../db/signed-token.ts';

/** The other server asks for it as soon as we play. */
const TTL_S = 60;

/**
 * A play token by which a media host fetches a stream, private ones too. It has no iat, for nginx-rtmp cuts what is played, with all that is
 * behind its question mark, to 255 bytes (NGX_RTMP_MAX_NAME), and with it a stream's id and its token have 263.
 * @param nowS epoch seconds
 */
export const signPullToken = (streamId: string, secret: string, nowS = Math.floor(Date.now() / 1_000)): Promise<string> =>
  sign({ sub: streamId, iss: TOKEN_ISSUERS.play, exp: nowS + TTL_S }, secret, 'HS256');
