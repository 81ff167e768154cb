const PARENT_CHECK_MS = 1_000;

export interface StopControl {
  readonly requested: boolean;
  /** Stops now, whatever for, and ends the process. */
  now(exitCode: number): Promise<never>;
}

/**
 * Stops everything, once, on Ctrl-C, SIGTERM, SIGHUP, and when npm, which started us, is gone: a shell between npm and
 * us need not pass signals on. A second Ctrl-C changes nothing.
 */
export function onStop(stop: () => Promise<void>): StopControl {
  let stopping: Promise<never> | null = null;
  const now = (exitCode: number): Promise<never> =>
    (stopping ??= stop().then(
      () => process.exit(exitCode),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    ));
  const request = (): void => {
    if (!stopping) console.log('\nStopping everything …');
    void now(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, request);
  // Whoever started us with a channel (the demo, a test) is gone when it closes.
  process.on('disconnect', request);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  if (process.env.npm_lifecycle_event) watchParent(request);
  return {
    get requested() {
      return stopping !== null;
    },
    now,
  };
}

function watchParent(gone: () => void): void {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && gone(), PARENT_CHECK_MS).unref();
}
