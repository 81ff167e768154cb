import { fork, type ChildProcess } from 'node:child_process';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { buildWorkflowBundle } from '../../workers/workflow-bundle.ts';
import { getTestTools } from './test-tools.ts';

declare global {
  var embeddedTestServices: ChildProcess | undefined;
}

/** The first start on a machine may build Temporal's server, which takes minutes. */
const BOOT_TIMEOUT_MS = 40 * 60_000;

/**
 * Boots what integration tests need and the environment does not name (TEST_DATABASE_URL or DATABASE_URL,
 * TEST_TEMPORAL_ADDRESS or TEMPORAL_ADDRESS). Redis, RabbitMQ and Mosquitto are used where they answer, and demanded in CI.
 * A browser, ffmpeg, mediasoup's worker and an S3 server are got where they are missing; CI demands them.
 */
export default async function globalSetup(): Promise<void> {
  const { env } = process;
  const databaseUrl = env.TEST_DATABASE_URL || env.DATABASE_URL;
  const temporalAddress = env.TEST_TEMPORAL_ADDRESS || env.TEMPORAL_ADDRESS;
  const missing = [...(databaseUrl ? [] : ['postgres']), ...(temporalAddress ? [] : ['temporal'])];
  const [booted] = await Promise.all([
    missing.length > 0 ? boot(missing) : NOTHING,
    useIfThere('TEST_REDIS_URL', env.REDIS_URL, 'redis://127.0.0.1:6379'),
    useIfThere('TEST_AMQP_URL', env.AMQP_URL, 'amqp://guest:guest@127.0.0.1:5672'),
    useIfThere('TEST_MQTT_URL', env.MQTT_URL, 'mqtt://127.0.0.1:1883'),
    tools((line) => process.stderr.write(`  ${line}\n`)),
    // Once, here: in a new clone it takes many seconds, which two suites at once would spend of their set-up's minute.
    buildWorkflowBundle(),
  ]);
  env.TEST_DATABASE_URL = databaseUrl || booted.databaseUrl || '';
  env.TEST_TEMPORAL_ADDRESS = temporalAddress || booted.temporalAddress || '';
}

/** Where somebody runs some tests alone, those that need what is missing say so themselves. */
async function tools(say: (line: string) => void): Promise<void> {
  try {
    await getTestTools(say);
  } catch (error) {
    if (process.env.CI) throw error;
    say((error as Error).message);
  }
}

interface Booted {
  databaseUrl?: string;
  temporalAddress?: string;
}

const NOTHING: Booted = {};

function boot(missing: string[]): Promise<Booted> {
  const child = fork(join(process.cwd(), 'tests/helpers/embedded-services.ts'), missing, {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  globalThis.embeddedTestServices = child;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The embedded test services were not ready in time.')), BOOT_TIMEOUT_MS);
    child.once('exit', (code, signal) => reject(new Error(`The embedded test services ended (${signal ?? code}).`)));
    child.on('message', (message: Booted & { ready?: true; failed?: string }) => {
      clearTimeout(timer);
      if (message.failed) reject(new Error(message.failed));
      else resolve(message);
    });
  });
}

async function useIfThere(variable: string, given: string | undefined, usual: string): Promise<void> {
  const url = process.env[variable] || given || usual;
  const { hostname, port } = new URL(url);
  if (await takesConnections(hostname, Number(port))) process.env[variable] = url;
  else if (process.env.CI) throw new Error(`CI tests against the real thing, but nothing answers at ${url} (${variable}): see .ci/run.`);
  else delete process.env[variable];
}

function takesConnections(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 2_000 });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
