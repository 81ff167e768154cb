import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

const TRIES = 5;
const ANSWER_MS = 5_000;

/** Where the Temporal SDK's own metrics are, for telemetryOptions.metrics; times in seconds, as Prometheus has them. */
export interface SdkMetrics {
  prometheus: { bindAddress: string; countersTotalSuffix: true; unitSuffix: true; useSecondsForDurations: true };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * The SDK serves its metrics itself and can't say which free port it took: it is given one of the loopback interface, and
 * /metrics of the worker hands on what is there, so that a process has one address to scrape.
 * @param install tries an address; throws where it is in use @returns asks for the SDK's metrics, as text
 */
export async function installSdkMetrics(install: (metrics: SdkMetrics) => void): Promise<() => Promise<string>> {
  for (let tries = 1; ; tries++) {
    const bindAddress = `127.0.0.1:${await freePort()}`;
    try {
      install({ prometheus: { bindAddress, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true } });
      return async () => (await fetch(`http://${bindAddress}/metrics`, { signal: AbortSignal.timeout(ANSWER_MS) })).text();
    } catch (error) {
      // Somebody else took the port meanwhile.
      if (tries === TRIES) throw error;
    }
  }
}
