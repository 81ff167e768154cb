import type { ErrorLog } from '../live/log.ts';

export interface Repeated {
  /** No further run begins; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** Runs something again and again, one run at a time. A run that fails is logged, the first of a row of them, and the next one comes. */
export function repeatedly(everyMs: number, run: () => Promise<void>, log: ErrorLog): Repeated {
  let current: Promise<void> | null = null;
  let failures = 0;
  const once = async (): Promise<void> => {
    try {
      await run();
      failures = 0;
    } catch (error) {
      if (failures++ === 0) log.warn({ err: error }, 'what this media host does all the time failed; it goes on');
    }
  };
  const timer = setInterval(() => {
    current ??= once().finally(() => (current = null));
  }, everyMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await current;
    },
  };
}
