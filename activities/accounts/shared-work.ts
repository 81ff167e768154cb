/** Whoever calls with a key for which a call is under way gets that one's result. */
export function shared<A extends unknown[], T>(run: (key: string, ...rest: A) => Promise<T>): (key: string, ...rest: A) => Promise<T> {
  const underWay = new Map<string, Promise<T>>();
  return (key, ...rest) => {
    const joined = underWay.get(key);
    if (joined) return joined;
    const started = run(key, ...rest).finally(() => underWay.delete(key));
    underWay.set(key, started);
    return started;
  };
}

/** Waits for work that goes on for others where this caller stops. */
export async function orAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  signal.throwIfAborted();
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
