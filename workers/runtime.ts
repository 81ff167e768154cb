import { Runtime, type LogMetadata } from '@temporalio/worker';
import type { Logger } from 'pino';

/** The Temporal SDK logs through ours: one format, one level, secrets taken out. Once in a process, before the first connection. */
export function installRuntime(log: Logger): void {
  const at =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, meta?: LogMetadata): void =>
      log[level]({ temporal: meta }, message);
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: (level, message, meta) => at(level.toLowerCase() as 'info')(message, meta),
      trace: at('trace'),
      debug: at('debug'),
      info: at('debug'),
      // An activity that this process hands on because it ends is no news; nor is a worker that is meant for activities alone.
      warn: (message, meta) => at(isShutdown(meta) || message.startsWith('No workflows registered') ? 'debug' : 'warn')(message, meta),
      error: at('error'),
    },
    telemetryOptions: { logging: { filter: 'WARN', forward: {} } },
  });
}

const isShutdown = (meta?: LogMetadata): boolean => (meta as { error?: { type?: string } } | undefined)?.error?.type === 'WorkerShutdown';
