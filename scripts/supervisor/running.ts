import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine, endOrphan } from './process-info.ts';
import type { Supervised } from './supervised.ts';

/** What runs now, for the demo, for tests and for the next start. */
export interface Running {
  pid: number;
  api_url: string;
  docs_url: string;
  temporal_address: string;
  temporal_ui_url: string | null;
  mqtt_url: string;
  /** null: the real TikTok. */
  sandbox_url: string | null;
  /** Where messages for other systems go; null: not there. */
  amqp_url: string | null;
  order_service_url: string | null;
  /** Where browsers and encoders reach the media host, and encoders by RTMP; null: off. */
  media_url: string | null;
  rtmp_url: string | null;
  /** What of streams is off and the command that turns it on; null: nothing. */
  streams_off: string | null;
  processes: RunningProcess[];
}

export interface RunningProcess {
  name: string;
  pid: number;
  /** Its arguments: a pid alone may belong to somebody else by the time it is read. */
  command: string;
}

const fileIn = (dataDir: string): string => join(dataDir, 'running.json');

export function readRunning(dataDir: string): Running | null {
  try {
    return JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as Running;
  } catch {
    return null;
  }
}

/** Written anew with every process that is started; readable by its owner alone. */
export function writeRunning(dataDir: string, urls: Omit<Running, 'pid' | 'processes'>, members: readonly Supervised[]): void {
  const processes = members.flatMap(({ spec, pid }) => (pid === null ? [] : [{ name: spec.name, pid, command: spec.args.join(' ') }]));
  const running: Running = { pid: process.pid, ...urls, processes };
  writeFileSync(fileIn(dataDir), `${JSON.stringify(running, null, 2)}\n`, { mode: 0o600 });
}

export const removeRunning = (dataDir: string): void => rmSync(fileIn(dataDir), { force: true });

/**
 * Ends what a supervisor left behind that was killed by -9. Our own processes notice that and are ending by themselves;
 * PostgreSQL and Temporal do not. Call it with the lock held.
 * @returns the names of those that still ran
 */
export async function endFormerStart(dataDir: string): Promise<string[]> {
  const orphans = (readRunning(dataDir)?.processes ?? []).filter(({ pid, command }) => commandLine(pid)?.includes(command));
  await Promise.all(orphans.map(({ name, pid }) => (name === 'PostgreSQL' ? endOrphan(pid, 'SIGINT', 'SIGQUIT') : endOrphan(pid, 'SIGTERM', 'SIGKILL'))));
  removeRunning(dataDir);
  return orphans.map(({ name }) => name);
}
