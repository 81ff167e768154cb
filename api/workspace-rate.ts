import type { Context } from 'hono';
import type { AppEnv } from './context.ts';
import type { ApiConfig } from './deps.ts';
import { ApiError } from './errors.ts';
import { createTokenBuckets, type TokenBuckets } from './token-buckets.ts';

const limiters = new WeakMap<ApiConfig, TokenBuckets>();

/**
 * Spends one of the workspace's turns, or refuses with rate_limited. Counted in each API process alone: the limit keeps one
 * workspace from taking a process's time from the others, which is a matter of the process.
 */
export function takeWorkspaceTurn(c: Context<AppEnv>, workspaceId: string): void {
  const { config } = c.get('deps');
  const limiter = limiters.get(config) ?? createTokenBuckets(config.workspaceRatePerMinute);
  limiters.set(config, limiter);
  const retryAfterS = limiter.take(workspaceId, Date.now());
  if (retryAfterS > 0) {
    throw new ApiError('rate_limited', { retryAfterS, detail: `${config.workspaceRatePerMinute} requests a minute for each workspace` });
  }
}
