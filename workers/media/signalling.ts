import { readToken } from '../../db/signed-token.ts';
import { AppError } from '../../domain/errors.ts';
import { parseIceServers } from '../../domain/streaming/ice-servers.ts';
import type { MediaGate } from '../../media/live-session.ts';
import type { Identity } from '../../media/signalling/seat.ts';
import { createSignalling } from '../../media/signalling/signalling-server.ts';
import type { MediaContext, MediaPart } from './parts.ts';

/** mediasoup's own signalling, for browsers on stage. */
export function createSignallingPart({ context, log, host, stages, sessions, gate, server }: MediaContext): MediaPart {
  if (!stages || !server) return {};
  const { env } = context;
  const iceServers = parseIceServers(env.ICE_SERVERS).map(({ url, username, credential }) => ({ urls: url, ...(username !== null && credential !== null ? { username, credential } : {}) }));
  const signalling = createSignalling({ server, stages, sessions, gate, identify: identifyBy(gate, env.JWT_SECRET ?? ''), host_id: host.id, iceServers, logger: log });
  return { close: () => Promise.resolve(signalling.close()) };
}

/** An access token says who one is; a play token only that one may watch, which stream is seen when one joins. */
export const identifyBy =
  (gate: MediaGate, jwtSecret: string) =>
  async (token: string | null): Promise<Identity> => {
    const play = token === null ? null : await readToken('play', token, jwtSecret);
    if (play?.ok) return { kind: 'viewer' };
    if (play?.reason === 'expired') throw new AppError('token_expired');
    return { kind: 'user', ...(await gate.user(token)) };
  };
