import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Supervised } from '../supervisor/supervised.ts';

export interface EmbeddedBroker {
  process: Supervised;
  url: string;
}

export interface EmbeddedBrokerOptions {
  logDir: string;
  port: number;
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
}

/** Boots the embedded MQTT broker (aedes: MQTT 3.1.1, on the loopback address). */
export async function startBroker({ logDir, port, env, say }: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const process_ = await Supervised.start(
    {
      name: 'MQTT broker',
      command: process.execPath,
      args: ['--import', import.meta.resolve('tsx'), fileURLToPath(new URL('./broker.ts', import.meta.url)), String(port)],
      env,
      logPath: join(logDir, 'mqtt.log'),
      readyTimeoutMs: 30_000,
      stopSignal: 'SIGTERM',
      killSignal: 'SIGKILL',
      stopTimeoutMs: 4_000,
    },
    say,
  );
  return { process: process_, url: `mqtt://127.0.0.1:${port}` };
}
