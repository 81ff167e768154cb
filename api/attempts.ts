import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { takeTurns } from '../db/rate-counter.repository.ts';
import { clientAddress } from './client-address.ts';
import type { AppEnv } from './context.ts';
import { ApiError } from './errors.ts';

const WINDOW_S = 60;
/** One address may be an office, and one e-mail be tried from many addresses: both get more turns than the two together. */
const SHARED_FACTOR = 10;

/**
 * Counts an attempt to sign in, by address and e-mail together, and more loosely by each of them.
 * @throws ApiError rate_limited
 */
export function countLogin(c: Context<AppEnv>, email: string): Promise<void> {
  const address = clientAddress(c);
  const most = c.get('deps').config.loginRatePerMinute;
  return count(c, [
    [`login:${address}:${email}`, most],
    [`login-from:${address}`, most * SHARED_FACTOR],
    [`login-to:${email}`, most * SHARED_FACTOR],
  ]);
}

/** Counts an attempt to register, by address. @throws ApiError rate_limited */
export const countRegistration = (c: Context<AppEnv>): Promise<void> =>
  count(c, [[`register:${clientAddress(c)}`, c.get('deps').config.loginRatePerMinute * SHARED_FACTOR]]);

/** Counts an e-mail that a member looked up by inviting it. @throws ApiError rate_limited */
export const countInvitation = (c: Context<AppEnv>): Promise<void> =>
  count(c, [[`invite:${c.get('userId')}`, c.get('deps').config.loginRatePerMinute * SHARED_FACTOR]]);

async function count(c: Context<AppEnv>, limits: [name: string, most: number][]): Promise<void> {
  const mostOf = new Map(limits.map(([name, most]) => [hashed(name), most]));
  const turns = await takeTurns(c.get('deps').db, [...mostOf.keys()], WINDOW_S);
  const exceeded = turns.filter(({ key, count }) => count > (mostOf.get(key) ?? 0));
  if (exceeded.length > 0) throw new ApiError('rate_limited', { retryAfterS: Math.max(1, ...exceeded.map((turn) => turn.resets_in_s)) });
}

const hashed = (name: string): string => createHash('sha256').update(name).digest('base64url');
