import type { Logger } from 'pino';
import { AppError } from '../domain/errors.ts';
import type { ApiDeps } from './deps.ts';

/**
 * Has what is `retrying` for these targets delivered now. While Temporal does not answer the rows stay as they are, and
 * the sweep of waiting targets finds them: what was asked for is delayed, not lost.
 */
export async function wakeDeliveries(
  { temporal }: Pick<ApiDeps, 'temporal'>,
  log: Logger,
  workspaceId: string,
  targets: readonly string[],
): Promise<void> {
  const woken = await Promise.allSettled([...new Set(targets)].map((target) => temporal.deliverActions(target, workspaceId)));
  for (const { reason } of woken.filter((result) => result.status === 'rejected')) {
    if (!(reason instanceof AppError && reason.code === 'unavailable')) throw reason;
    log.warn({ err: reason }, 'Temporal could not be told what to deliver; the sweep will');
  }
}
