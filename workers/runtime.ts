import { Runtime, type LogMetadata } from '@temporalio/worker';
import type { Logger } from 'pino';
import { installSdkMetrics, type SdkMetrics } from './temporal-metrics.ts';

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/**
 * The Temporal SDK logs through ours: one format, one level, secrets taken out. Once in a process, before the first connection.
 * @param metrics whether it measures itself @returns asks for what it measured, in Prometheus's format; null: it does not
 */
export async function installRuntime(log: Logger, metrics: boolean): Promise<(() => Promise<string>) | null> {
  if (metrics) return installSdkMetrics((sdk) => install(log, sdk));
  install(log);
  return null;
}

function install(log: Logger, metrics?: SdkMetrics): void {
  const write = (level: Level, message: string, meta: LogMetadata = {}): void => {
    // Under this name it is written with its message, not with its fields alone.
    const { error, ...temporal } = meta as { error?: unknown };
    log[level === 'warn' && isNoNews(message, meta) ? 'debug' : level]({ temporal, ...(error === undefined ? {} : { err: error }) }, message);
  };
  const at =
    (level: Level) =>
    (message: string, meta?: LogMetadata): void =>
      write(level, message, meta);
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: (level, message, meta) => write(level.toLowerCase() as Level, message, meta),
      trace: at('trace'),
      debug: at('debug'),
      info: at('debug'),
      warn: at('warn'),
      error: at('error'),
    },
    telemetryOptions: { logging: { filter: 'WARN', forward: {} }, ...(metrics ? { metrics } : {}) },
  });
}

/** An activity that this process hands on because it ends, and a worker that is meant for activities alone. */
const isNoNews = (message: string, meta?: LogMetadata): boolean =>
  message.startsWith('No workflows registered') || (meta as { error?: { type?: string } } | undefined)?.error?.type === 'WorkerShutdown';
