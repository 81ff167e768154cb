import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { commandLine } from '../supervisor/process-info.ts';
import { readRunning } from '../supervisor/running.ts';
import { StartError } from '../supervisor/start-error.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const START_TIMEOUT_MS = 180_000;

export interface DemoTarget {
  apiUrl: string;
  mqttUrl: string;
  /** The sandbox's control API is there; null: not known. */
  sandboxUrl: string | null;
  /** Where messages for other systems go. */
  amqpUrl: string | null;
  orderServiceUrl: string | null;
  /** Started for the demo, and ended with it. */
  isOurs: boolean;
  /** Ends what the demo started itself; nothing else. */
  close(): Promise<void>;
}

const untouched = (): Promise<void> => Promise.resolve();

/**
 * Showrunner at SHOWRUNNER_URL (with MQTT_URL, where the demo needs the broker), else the one that runs on DATA_DIR, else one
 * that is started for the demo.
 * @param env of the Showrunner that is started, beside this process's own
 */
export async function findShowrunner({ needsBroker = true, env = {} }: { needsBroker?: boolean; env?: Record<string, string> } = {}): Promise<DemoTarget> {
  const { SHOWRUNNER_URL, MQTT_URL = '', DATA_DIR, SANDBOX_URL, AMQP_URL, ORDER_SERVICE_URL } = process.env;
  if (SHOWRUNNER_URL) {
    if (MQTT_URL === '' && needsBroker) throw new StartError('SHOWRUNNER_URL needs MQTT_URL beside it: the broker that this Showrunner sends to.');
    const elsewhere = { sandboxUrl: SANDBOX_URL || null, amqpUrl: AMQP_URL || null, orderServiceUrl: ORDER_SERVICE_URL || null };
    return { apiUrl: SHOWRUNNER_URL.replace(/\/+$/, ''), mqttUrl: MQTT_URL, ...elsewhere, isOurs: false, close: untouched };
  }
  const dataDir = resolve(ROOT, DATA_DIR || '.data');
  const running = await onceUp(dataDir);
  if (running) return { ...running, isOurs: false, close: untouched };
  console.log('Nothing runs yet: starting Showrunner for the demo (npm start does the same, and goes on).\n');
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, 'scripts/start.ts')], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true, env: { ...process.env, ...env } });
  await ready(child);
  const started = whatRuns(dataDir);
  if (!started) throw new StartError('Showrunner started, but does not say where it is.');
  return { ...started, isOurs: true, close: () => stop(child) };
}

/** A start that is under way is waited for. */
async function onceUp(dataDir: string): Promise<ReturnType<typeof whatRuns>> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (startsNow(dataDir) && Date.now() < deadline) await delay(250);
  return whatRuns(dataDir);
}

function startsNow(dataDir: string): boolean {
  const running = readRunning(dataDir);
  return running !== null && running.api_url === '' && isStart(running.pid);
}

const isStart = (pid: number): boolean => commandLine(pid)?.includes('scripts/start.ts') ?? false;

function whatRuns(dataDir: string): Omit<DemoTarget, 'isOurs' | 'close'> | null {
  const running = readRunning(dataDir);
  if (!running || running.api_url === '' || !isStart(running.pid)) return null;
  if (!running.sandbox_url) throw new StartError('The Showrunner that runs here talks to the real TikTok; the demo needs the sandbox.');
  const { api_url, mqtt_url, sandbox_url, amqp_url, order_service_url } = running;
  return { apiUrl: api_url, mqttUrl: mqtt_url, sandboxUrl: sandbox_url, amqpUrl: amqp_url, orderServiceUrl: order_service_url };
}

async function ready(child: ChildProcess): Promise<void> {
  const outcome = await Promise.race([once(child, 'message').then(() => 'ready'), once(child, 'exit').then(() => 'ended')]);
  if (outcome === 'ended') throw new StartError('Showrunner did not start; its reason is above.');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
