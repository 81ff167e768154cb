export interface TimeLimit {
  signal: AbortSignal;
  timedOut(): boolean;
  end(): void;
}

/** A signal that ends with the caller's or with the time. AbortSignal.any would keep every call alive for as long as the caller's own signal lives. */
export function limitTime(timeoutMs: number, signal?: AbortSignal): TimeLimit {
  const abort = new AbortController();
  let timedOut = false;
  const onAbort = (): void => abort.abort();
  const timer = setTimeout(() => {
    timedOut = !abort.signal.aborted;
    abort.abort();
  }, timeoutMs);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  return {
    signal: abort.signal,
    timedOut: () => timedOut,
    end: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}
