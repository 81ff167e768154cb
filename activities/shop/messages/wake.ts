export interface Wake {
  /** Ends the wait that is on, or the next one. */
  wake(): void;
  /** Until somebody wakes, `ms` are over or `signal` is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** A wake-up that comes while nobody waits is not lost. For one that waits. */
export function createWake(): Wake {
  let woken = false;
  let end: (() => void) | null = null;
  return {
    wake() {
      woken = true;
      end?.();
    },
    async wait(ms, signal) {
      if (!woken && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(() => end?.(), ms);
          end = () => {
            end = null;
            clearTimeout(timer);
            signal.removeEventListener('abort', onAbort);
            resolve();
          };
          const onAbort = (): void => end?.();
          signal.addEventListener('abort', onAbort, { once: true });
        });
      }
      woken = false;
    },
  };
}
