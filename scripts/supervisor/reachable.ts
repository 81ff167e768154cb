import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf, StartError } from './start-error.ts';

const TRY_MS = 2_000;
const PAUSE_MS = 250;

function tryConnect(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: TRY_MS });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => {
      socket.destroy();
      reject(new Error('no answer'));
    });
    socket.once('error', reject);
  });
}

export interface Endpoint {
  /** For people: "PostgreSQL". */
  what: string;
  variable: string;
  host: string;
  port: number;
}

/** Host and port of a URL, with the scheme's own port where it has none. */
export function endpointOf(what: string, variable: string, url: string, defaultPort: number): Endpoint {
  const { hostname, port } = new URL(url.includes('://') ? url : `tcp://${url}`);
  return { what, variable, host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? defaultPort : Number(port) };
}

export async function answers({ host, port }: Pick<Endpoint, 'host' | 'port'>): Promise<boolean> {
  return tryConnect(host, port).then(
    () => true,
    () => false,
  );
}

/**
 * Waits until what a variable names takes connections.
 * @throws StartError, one line that names the variable, after `timeoutMs`
 */
export async function demandAnswer({ what, variable, host, port }: Endpoint, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await tryConnect(host, port);
    } catch (error) {
      if (Date.now() > deadline) throw new StartError(`${what} at ${host}:${port} (${variable}) does not answer: ${reasonOf(error)}`);
      await delay(PAUSE_MS);
    }
  }
}
