import type { Context } from 'hono';
import { signToken } from '../db/signed-token.ts';
import { mayWatch, type Watched } from '../db/watch-access.ts';
import type { StreamVisibility } from '../domain/contracts/stream.ts';
import type { AppEnv } from './context.ts';
import type { ApiConfig } from './deps.ts';
import { ApiError } from './errors.ts';

export interface PlayToken {
  token: string;
  expires_at: string;
}

/** A token that lets its holder watch one stream or video for a while, wherever it lies. */
export async function issuePlayToken(id: string, { jwtSecret, streaming }: ApiConfig, now = new Date()): Promise<PlayToken> {
  const nowS = Math.floor(now.getTime() / 1_000);
  return { token: await signToken('play', id, jwtSecret, streaming.playUrlTtlS, nowS), expires_at: new Date((nowS + streaming.playUrlTtlS) * 1_000).toISOString() };
}

/**
 * Lets in to what is public everybody, and to what is private who has a play token or is a member; the token comes as `token` in the query or as bearer.
 * @throws ApiError unauthenticated or token_expired (401, with its reason); not_found to a stranger
 */
export async function requireWatcher(c: Context<AppEnv>, watched: Watched & { visibility: StreamVisibility }): Promise<void> {
  if (watched.visibility === 'public') return;
  const { db, config } = c.get('deps');
  // A page sends its person's own token along with the link's: the link's comes first, and either will do.
  const tokens = [c.req.query('token'), /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]].filter((token) => token !== undefined && token !== '');
  const answers = await Promise.all((tokens.length === 0 ? [null] : tokens).map((token) => mayWatch(db, watched, token ?? null, config.jwtSecret)));
  if (answers.includes('granted')) return;
  const answer = answers[0]!;
  if (answer === 'stranger') throw new ApiError('not_found');
  if (answer === 'expired') throw new ApiError('token_expired', { reason: 'expired' });
  throw new ApiError('unauthenticated', answer === 'invalid' ? { reason: 'invalid', detail: 'the token is not valid for this' } : { reason: 'missing' });
}
