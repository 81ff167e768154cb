import type { Logger } from 'pino';
import type { Wake } from '../../shop/messages/wake.ts';

export interface WorkOffOptions {
  /** One piece of work. @returns whether there may be more */
  work: () => Promise<boolean>;
  /** There is something new. */
  wake: Wake;
  /** A hint may be lost: so often it is looked anyway, milliseconds. */
  idleMs: number;
  /** What cannot be done, for the log. */
  fault: string;
  logger: Pick<Logger, 'warn' | 'info'>;
}

const RETRY_MS = { first: 200, longest: 10_000 } as const;

/** Does what there is to do, again and again, until `signal` is aborted. What fails is logged, the first of a row of failures, and tried again, ever more slowly. */
export async function workOff({ work, wake, idleMs, fault, logger }: WorkOffOptions, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const hasMore = await work();
      if (failures > 0) logger.info({ failures }, `works again: ${fault}`);
      failures = 0;
      if (!hasMore) await wake.wait(idleMs, signal);
    } catch (error) {
      if (failures === 0) logger.warn({ err: error }, fault);
      await wake.wait(Math.min(RETRY_MS.first * 2 ** Math.min(failures++, 10), RETRY_MS.longest), signal);
    }
  }
}
