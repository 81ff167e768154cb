/** Says why a process ends: a signal's name, or `disconnect` when the supervisor that started it is gone. */
export type ShutdownReason = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'disconnect' | 'uncaughtException';

export interface LifecycleLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ShutdownOptions {
  log: LifecycleLog;
  /** Milliseconds that closing may take before the process ends anyway, with exit code 1. */
  timeoutMs?: number;
}

/**
 * Ends the process in order, once, on SIGTERM, SIGINT, SIGHUP and when the supervisor's IPC channel closes (a supervisor
 * killed by -9 leaves no orphans). An unhandled rejection is logged and survived: one forgotten promise must not end every
 * session of the process. After an uncaught exception the state is unknown, so the process closes and exits with 1.
 * @param close frees what the process holds; called once
 */
export function onShutdown(close: (reason: ShutdownReason) => Promise<void>, { log, timeoutMs = 15_000 }: ShutdownOptions): void {
  let closing = false;
  const shutdown = (reason: ShutdownReason, exitCode: number): void => {
    if (closing) return;
    closing = true;
    log.info({ reason }, 'shutting down');
    setTimeout(() => {
      log.error({ reason, timeout_ms: timeoutMs }, 'shutting down took too long');
      end(reason, 1);
    }, timeoutMs).unref();
    close(reason).then(
      () => end(reason, exitCode),
      (error: unknown) => {
        log.error({ err: error }, 'shutting down failed');
        end(reason, 1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => shutdown(signal, 0));
  process.on('disconnect', () => shutdown('disconnect', 0));
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'));
  process.on('uncaughtException', (error) => {
    log.error({ err: error }, 'uncaught exception');
    shutdown('uncaughtException', 1);
  });
}

/**
 * Whoever held the IPC channel also read our output: with nobody there, pino's flush on exit would try for ever to write
 * its last line (sonic-boom repeats a write after EPIPE), so the process ends without exit handlers.
 */
function end(reason: ShutdownReason, exitCode: number): void {
  if (reason === 'disconnect') process.kill(process.pid, 'SIGKILL');
  else process.exit(exitCode);
}

export interface ReadyMessage {
  ready: true;
  /** Where the process can be reached, if it listens. */
  url?: string;
}

/** Tells the supervisor, if there is one, that this process does its work from now on. */
export function announceReady(info: { url?: string } = {}): void {
  process.send?.({ ready: true, ...info } satisfies ReadyMessage);
}

/** Whether a message of a child process is its ReadyMessage. */
export const isReadyMessage = (message: unknown): message is ReadyMessage =>
  typeof message === 'object' && message !== null && 'ready' in message && message.ready === true;
