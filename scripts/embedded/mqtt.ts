import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fleet } from '../supervisor/fleet.ts';
import { STOP_ORDER, type Supervised } from '../supervisor/supervised.ts';

export interface EmbeddedBroker {
  process: Supervised;
  url: string;
}

export interface EmbeddedBrokerOptions {
  logDir: string;
  port: number;
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
  /** Ends it with everything else; absent: it stands alone. */
  fleet?: Fleet;
}

/** Boots the embedded MQTT broker (aedes: MQTT 3.1.1, on the loopback address). */
export async function startBroker({ logDir, port, env, say, fleet = new Fleet({ say }) }: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const supervised = await fleet.run({
    name: 'MQTT broker',
    command: process.execPath,
    args: ['--import', import.meta.resolve('tsx'), fileURLToPath(new URL('./broker.ts', import.meta.url)), String(port)],
    env,
    logPath: join(logDir, 'mqtt.log'),
    readyTimeoutMs: 30_000,
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    stopTimeoutMs: 4_000,
    stopOrder: STOP_ORDER.service,
  });
  return { process: supervised, url: `mqtt://127.0.0.1:${port}` };
}
